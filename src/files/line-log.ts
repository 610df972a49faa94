import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';
import type { DataRoot } from './data-root.ts';
import { makeFolder } from './publish.ts';
import { replaceFile } from './replace.ts';
import { systemFailure } from './system-error.ts';

/** A file of state/ in which each line tells something, the last one about a thing the truth. */
export interface LineLog {
  /** Resolves when the line is on the disk, as all that came before it. Rejects with a Failure: then it is not. */
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

export interface LineLogOptions {
  /** Below the data directory, in a folder of it. */
  readonly file: string;
  /** What the file must say now, all of it: it is written anew when it has grown too long, or a line failed. */
  readonly whole: () => Iterable<string>;
  /** Lines that are appended before the file is written anew. */
  readonly most?: number;
}

interface Waiting {
  readonly line: string;
  readonly done: () => void;
  readonly failed: (why: unknown) => void;
}

/**
 * Appends lines, many with one fsync: who waits while the disk works shares the next one. The file is written anew at the
 * first line, so that nothing is ever appended to what a crash left behind.
 */
export function openLineLog(files: DataRoot, { file, whole, most = 50_000 }: LineLogOptions): LineLog {
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let handle: FileHandle | undefined;
  let appended = 0;

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch);
        for (const { done } of batch) done();
      } catch (error) {
        const failure = error instanceof Failure ? error : systemFailure(error, file);
        // Half of it may be there: the next one writes the whole file.
        await closeHandle().catch(() => undefined);
        for (const { failed } of batch) failed(failure);
      }
    }
    working = undefined;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const text = batch.map(({ line }) => `${line}\n`).join('');
    if (handle === undefined || appended > most) {
      await closeHandle();
      await makeFolder(files, file.slice(0, file.lastIndexOf('/')));
      const all = [...whole()].map((line) => `${line}\n`).join('');
      await replaceFile(files, file, all + text, { mode: 0o600 });
      handle = await open(await files.real(file), 'a', 0o600);
      appended = 0;
      return;
    }
    appended += batch.length;
    await handle.appendFile(text);
    await handle.datasync();
  }

  async function closeHandle(): Promise<void> {
    const old = handle;
    handle = undefined;
    await old?.close();
  }

  return {
    append: async (line) => {
      await new Promise<void>((done, failed) => {
        waiting.push({ line, done, failed });
        working ??= work();
      });
    },
    async close() {
      await working;
      await closeHandle();
    },
  };
}
