import { Failure, failureLine } from '../domain/failure.ts';
import type { Log } from '../domain/log.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { removeFile } from '../files/remove.ts';
import { replaceFile } from '../files/replace.ts';
import { MARKS_FOLDER } from './mark-file.ts';

const RETRY_MS = 10_000;

/**
 * Puts marks on the disk, one after the other, always the newest of each. What cannot be written is said in the log and
 * tried again until it can: in memory the mark counts from the first moment on.
 */
export class MarkWriter {
  readonly #files: DataRoot;
  readonly #log: Log;
  readonly #retryMs: number;
  /** What is not on the disk yet, by file name; undefined: the file shall go. */
  readonly #wanted = new Map<string, string | undefined>();
  #chain: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(files: DataRoot, log: Log, retryMs = RETRY_MS) {
    this.#files = files;
    this.#log = log;
    this.#retryMs = retryMs;
  }

  /** Resolves when it is on the disk, or could not be put there for now. Does not reject for what a disk does. */
  put(name: string, text: string | undefined): Promise<void> {
    this.#wanted.set(name, text);
    return this.#next(name);
  }

  /** Tries once more what is not on the disk yet, and no more after that. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#again();
    clearTimeout(this.#timer);
  }

  #next(name: string): Promise<void> {
    this.#chain = this.#chain
      .then(() => this.#write(name))
      .catch((error: unknown) => {
        this.#log.error({ err: error }, "writing a machine's mark failed");
      });
    return this.#chain;
  }

  async #again(): Promise<void> {
    await Promise.all([...this.#wanted.keys()].map((name) => this.#next(name)));
  }

  async #write(name: string): Promise<void> {
    if (!this.#wanted.has(name)) return;
    const text = this.#wanted.get(name);
    const file = `${MARKS_FOLDER}/${name}`;
    try {
      if (text === undefined) await removeFile(this.#files, file);
      else {
        await makeFolder(this.#files, MARKS_FOLDER);
        await replaceFile(this.#files, file, text);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failed(file, error);
      return;
    }
    if (this.#wanted.get(name) === text) this.#wanted.delete(name);
    if (this.#failing && this.#wanted.size === 0) {
      this.#failing = false;
      this.#log.info({}, 'the marks of installed machines are on the disk again');
    }
  }

  /** Once for a time of trouble: it is tried again every few seconds. */
  #failed(file: string, error: Failure): void {
    if (!this.#failing) {
      const remedy = 'until that is mended, a restart forgets which machines are installed and installs them again';
      this.#log.error({ file, problem: failureLine(error), remedy }, "a machine's mark cannot be written");
    }
    this.#failing = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#again().catch((error: unknown) => {
        this.#log.error({ err: error }, "writing a machine's mark failed");
      });
    }, this.#retryMs).unref();
  }
}
