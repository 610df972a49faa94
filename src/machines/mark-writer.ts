import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder, removeFile } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { MARKS_FOLDER, MAX_MARK } from './mark-file.ts';

const RETRY_MS = 10_000;
/** Hidden and not ending in .json: no mark. As large as a block, so that a full disk shows. */
const PROBE = `${MARKS_FOLDER}/.probe`;
const PROBE_BYTES = 4096;

/**
 * Puts marks on the disk: file and folder are synced when `put` resolves. What cannot be written is
 * said in the log once, and `trouble` says it until something can be written again; that is tried every few seconds.
 */
export class MarkWriter {
  readonly #files: DataRoot;
  readonly #log: Log;
  readonly #retryMs: number;
  /** What shall get to the disk though it did not at first, by file name; undefined: the file shall go. */
  readonly #kept = new Map<string, string | undefined>();
  /** One write after the other for each file; those of different files share the disk's syncs. */
  readonly #lanes = new Map<string, Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #trouble: string | undefined;

  constructor(files: DataRoot, log: Log, retryMs = RETRY_MS) {
    this.#files = files;
    this.#log = log;
    this.#retryMs = retryMs;
  }

  /** Why nothing can be written; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Resolves when it is on the disk, and rejects with Failure `unavailable` when it could not be put there. `otherwise`:
   * what shall be there then; it is tried again until it is there or something newer is put.
   */
  put(name: string, text: string | undefined, otherwise?: { readonly text: string | undefined }): Promise<void> {
    return this.#inLane(name, async () => {
      this.#kept.delete(name);
      try {
        await this.#write(name, text);
      } catch (error) {
        if (otherwise !== undefined) await this.#instead(name, text, otherwise.text);
        throw error;
      }
    });
  }

  /** Also of what failed the name may be there already: only the last step, the folder's sync, went wrong. */
  async #instead(name: string, text: string | undefined, other: string | undefined): Promise<void> {
    if (other !== text && (await this.#now(name)) !== text) return;
    this.#kept.set(name, other);
    if (other === text) return;
    try {
      await this.#write(name, other);
      this.#kept.delete(name);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  /** What is in the file; undefined when there is none. */
  async #now(name: string): Promise<string | undefined> {
    try {
      return (await this.#files.read(`${MARKS_FOLDER}/${name}`, MAX_MARK)).bytes.toString('utf8');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.code === 'not-found' ? undefined : '';
    }
  }

  /** Writes what a mark would be and removes it again: `trouble` knows afterwards. */
  async probe(): Promise<void> {
    await this.#inLane(PROBE, async () => {
      await this.#tried(PROBE, async () => {
        await makeFolder(this.#files, MARKS_FOLDER);
        await replaceFile(this.#files, PROBE, Buffer.alloc(PROBE_BYTES));
        await removeFile(this.#files, PROBE);
      });
    }).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
    });
  }

  #inLane(name: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#lanes.get(name) ?? Promise.resolve()).then(work);
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#lanes.get(name) === settled) this.#lanes.delete(name);
      });
    this.#lanes.set(name, settled);
    return done;
  }

  /** Tries once more what is not on the disk yet, and no more after that. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#again();
  }

  async #again(): Promise<void> {
    const kept = [...this.#kept];
    if (kept.length === 0 && !this.#closed) await this.probe();
    await Promise.all(kept.map(([name, text]) => this.put(name, text, { text }).catch(() => undefined)));
  }

  async #write(name: string, text: string | undefined): Promise<void> {
    const file = `${MARKS_FOLDER}/${name}`;
    await this.#tried(file, async () => {
      if (text === undefined) {
        await removeFile(this.#files, file);
        return;
      }
      await makeFolder(this.#files, MARKS_FOLDER);
      await replaceFile(this.#files, file, text);
    });
  }

  async #tried(file: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failed(file, error);
      throw new Failure('unavailable', `${file} cannot be written: ${error.message}`, { cause: error });
    }
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#log.info({}, 'the marks of machines can be written again');
  }

  /** Once for a time of trouble: it is tried again every few seconds. */
  #failed(file: string, error: Failure): void {
    if (this.#trouble === undefined) {
      const remedy = 'free some space or mend the permissions of state/; until then no machine is installed';
      this.#log.error({ file, problem: failureLine(error), remedy }, "a machine's mark cannot be written");
    }
    this.#trouble = `state/machines cannot be written: ${error.message}`;
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#again().catch((failed: unknown) => {
        this.#log.error({ err: failed }, "writing a machine's mark failed");
      });
    }, this.#retryMs).unref();
  }
}
