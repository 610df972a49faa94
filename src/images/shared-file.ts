import { Failure } from '../model/failure.ts';
import { factsOf, hasSameContent, type FileFacts } from '../files/file-facts.ts';
import { type OpenFile } from '../files/data-root.ts';
import { type ChunkSource } from './chunk-cache.ts';

/**
 * One open file for all its readers. It stays open while anybody uses it, so a file that is replaced by rename is
 * delivered to its end as it was. Every read is followed by a look at the file: bytes of a file that was written in
 * place meanwhile are never given out.
 */
export class SharedFile implements ChunkSource {
  readonly id: string;
  readonly size: number;
  readonly #file: OpenFile;
  readonly #onClose: () => void;
  #facts: FileFacts;
  #users = 0;
  #closed = false;

  /** Nobody uses it yet; `onClose` is called when the last user has left. */
  constructor(file: OpenFile, id: string, onClose: () => void) {
    this.id = id;
    this.size = file.size;
    this.#file = file;
    this.#facts = file;
    this.#onClose = onClose;
  }

  get mtimeMs(): number {
    return this.#file.mtimeMs;
  }

  /** False when the last user has left already: then it is closed, and another one must be opened. */
  use(): boolean {
    if (this.#closed) return false;
    this.#users += 1;
    return true;
  }

  /** Each `use` is left once. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#closed = true;
    this.#onClose();
    // Closing a file that was only read loses nothing, whatever it answers.
    this.#file.handle.close().catch(() => undefined);
  }

  async readInto(target: Buffer, position: number): Promise<void> {
    if (!this.use()) throw new TypeError('a file was read after its last user had left');
    try {
      await this.#readInto(target, position);
    } finally {
      this.leave();
    }
  }

  async #readInto(target: Buffer, position: number): Promise<void> {
    const { handle } = this.#file;
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw changed();
      done += bytesRead;
    }
    // After the read: a write sets the times before it changes a byte, so what was read before that is whole.
    const now = factsOf(await handle.stat({ bigint: true }));
    if (!hasSameContent(this.#facts, now)) throw changed();
    this.#facts = now;
  }
}

function changed(): Failure {
  return new Failure('unavailable', 'the file was changed while it was being delivered', {
    remedy: 'replace files by renaming a new one over them, never write to them in place',
  });
}
