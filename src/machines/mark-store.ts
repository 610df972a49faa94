import type { DataRoot } from '../files/data-root.ts';
import { whyNotWritable } from '../files/folder.ts';
import { acquireLock, type Lock } from '../files/lock.ts';
import { makeFolder } from '../files/publish.ts';
import { Failure } from '../model/failure.ts';
import type { InstallIdentity } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import { markFileName, MARKS_FOLDER, markText, readMarks } from './mark-file.ts';
import { MarkIndex } from './mark-index.ts';
import { MarkWriter } from './mark-writer.ts';
import type { InstallMark } from './mark.ts';

/** What a change is written for, and what shall count when it cannot be written. */
export interface Change {
  readonly name: string;
  readonly mark: InstallMark | undefined;
  /** `kept`: it counts in memory all the same, and is written as soon as it can be. */
  readonly otherwise: 'kept' | 'undone';
}

export interface MarkStoreOptions {
  readonly files: DataRoot;
  readonly log: Log;
  readonly most: number;
  readonly retryMs: number;
}

/** Beside the marks: the process that holds it is the only one that changes them. */
const LOCK = 'state/machines.lock';

/** The marks in memory and on the disk, and how a change of one gets from here to there. */
export class MarkStore {
  readonly #options: MarkStoreOptions;
  readonly #writer: MarkWriter;
  #index = new MarkIndex(new Map());
  /** Why what is in memory may not be what is so, a sentence: nothing is changed then. */
  #unreadable: string | undefined;
  #lock: Lock | undefined;
  /** Changes on their way to the disk, by file name. */
  readonly #busy = new Map<string, Promise<void>>();
  /** What counts but is not on the disk, by file name. */
  readonly #unwritten = new Set<string>();
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: MarkStoreOptions) {
    this.#options = options;
    this.#writer = new MarkWriter(options.files, options.log, options.retryMs);
  }

  load(marks: ReadonlyMap<string, InstallMark>, unreadable: string | undefined): void {
    this.#index = new MarkIndex(marks);
    this.#unreadable = unreadable === undefined ? undefined : cannotRead(unreadable);
  }

  /** From now on it finds out by itself whether marks can be read and written. */
  async start(): Promise<void> {
    await this.#writer.probe();
    await this.#readAgain();
    this.#looking ??= setInterval(() => {
      this.#look().catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'looking after the marks failed');
      });
    }, this.#options.retryMs).unref();
  }

  /** A look costs nothing; what it finds is made sure of by a write. */
  async #look(): Promise<void> {
    const found = await whyNotWritable(this.#options.files, MARKS_FOLDER);
    if (found !== undefined && this.#writer.trouble === undefined && !this.#closed) await this.#writer.probe();
    // It could not be had while nothing could be written. What counts in memory since then is kept.
    if (found === undefined && this.#unreadable === undefined) await this.#isOurs();
  }

  #readLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#readAgain().catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'reading the marks failed');
      });
    }, this.#options.retryMs).unref();
  }

  /** While nothing can be read nothing is changed: what is read then is all there is. */
  async #readAgain(): Promise<void> {
    const before = this.#unreadable;
    if (!(await this.#isOurs())) return;
    const { marks, unreadable } = await readMarks(this.#options.files);
    if (this.#closed) return;
    if (unreadable !== undefined) {
      this.#unreadable = cannotRead(unreadable);
      this.#readLater();
      return;
    }
    this.load(marks, undefined);
    if (before !== undefined) this.#options.log.info({ machines: marks.size }, 'the marks can be read again');
  }

  /** False while another server has them. Where nothing can be written, or there are no locks, nothing speaks against it. */
  async #isOurs(): Promise<boolean> {
    if (this.#closed) return false;
    if (this.#lock !== undefined) return true;
    const holder = await this.#takeLock();
    if (holder === undefined) return true;
    if (this.#unreadable === undefined)
      this.#options.log.error({ holder }, 'another server has the marks: no machine is installed');
    this.#unreadable = `${MARKS_FOLDER} is in use by another server (${holder})`;
    this.#readLater();
    return false;
  }

  /** Who holds it, if another does. Two that remember by themselves would install a machine once each. */
  async #takeLock(): Promise<string | undefined> {
    const { files } = this.#options;
    try {
      await makeFolder(files, 'state');
      const lock = await acquireLock(files.path(LOCK), 'a server');
      if (this.#closed) await lock.release();
      else this.#lock = lock;
      return undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // That nothing can be written is known already; where there are no hard links there are no locks.
      return error.code === 'conflict' ? error.message : undefined;
    }
  }

  /** Why nothing can be read or written, for people; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#unreadable ?? this.#writer.trouble;
  }

  get index(): MarkIndex {
    return this.#index;
  }

  /** True for what counts but is not on the disk. */
  isUnwritten(name: string): boolean {
    return this.#unwritten.has(name);
  }

  /** Writes what is not on the disk yet, once more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    await Promise.allSettled(this.#busy.values());
    await this.#writer.close();
    await this.#lock?.release();
  }

  /** Changes of this machine, or of one like it, on their way to the disk: all is to be looked at anew after them. */
  busyWith(who: InstallIdentity): Promise<unknown> | undefined {
    const other = this.#index.relate(who).other?.mark;
    const names = new Set([...this.#index.names(who), markFileName(who.key)]);
    if (other !== undefined) names.add(markFileName(other.key));
    const busy = [...names].flatMap((name) => this.#busy.get(name) ?? []);
    return busy.length === 0 ? undefined : Promise.all(busy);
  }

  /** One change of a machine at a time. `change` begins its write before it waits for anything. */
  async alone<T>(who: InstallIdentity, change: () => Promise<T>): Promise<T> {
    for (;;) {
      const busy = this.busyWith(who);
      if (busy === undefined) return await change();
      await busy;
    }
  }

  /** In memory at once, so that who asks meanwhile waits for it; what could not be written is undone or kept. */
  async change({ name, mark, otherwise }: Change): Promise<void> {
    if (this.#unreadable !== undefined) throw new Failure('unavailable', this.trouble ?? '');
    const before = this.#index.get(name);
    if (mark !== undefined && before === undefined && this.#index.size >= this.#options.most) {
      throw new Failure('unavailable', `${MARKS_FOLDER} holds ${this.#options.most} machines, which is the most`, {
        remedy: 'remove the files of machines that are gone, and restart',
      });
    }
    this.#set(name, mark);
    const text = mark === undefined ? undefined : markText(mark);
    const written = this.#writer.put(name, text, otherwise === 'kept' ? { text } : asBefore(before));
    const settled = written.then(
      () => {
        this.#unwritten.delete(name);
      },
      () => {
        if (otherwise === 'kept') this.#unwritten.add(name);
        else this.#set(name, before);
      },
    );
    this.#busy.set(name, settled);
    await settled;
    this.#busy.delete(name);
    await written;
  }

  /** Once more what counts already and is not known to be on the disk. */
  async again(mark: InstallMark): Promise<void> {
    await this.change({ name: markFileName(mark.key), mark, otherwise: 'kept' });
  }

  /** What no answer waits for. That it cannot be written is in the log already. */
  remember(mark: InstallMark): void {
    const name = markFileName(mark.key);
    if (this.#busy.has(name)) return;
    this.change({ name, mark, otherwise: 'undone' }).catch((error: unknown) => {
      if (!(error instanceof Failure)) this.#options.log.error({ err: error }, "writing a machine's mark failed");
    });
  }

  #set(name: string, mark: InstallMark | undefined): void {
    if (mark === undefined) this.#index.delete(name);
    else this.#index.set(name, mark);
  }
}

function cannotRead(why: string): string {
  return `${MARKS_FOLDER} cannot be read: ${why}`;
}

/** What a broken one said is not known: what replaced it in spite of a failure stays. */
function asBefore(mark: InstallMark | undefined): { readonly text: string | undefined } | undefined {
  if (mark?.broken !== undefined) return undefined;
  return { text: mark === undefined ? undefined : markText(mark) };
}
