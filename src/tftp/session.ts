import { BlockRing } from './blocks.ts';
import { toNetascii } from './file-name.ts';
import { encodeOack, negotiate, type OptionLimits, type TftpRequest } from './packet.ts';
import { TFTP_ERROR, type TftpBytes, type TftpFile } from './source.ts';
import { type Step, Transfer, type TransferEnd } from './transfer.ts';

/** One read: 44 blocks of 1468 bytes. Two of them are kept for each transfer. */
const CHUNK = 64 * 1024;

/** How many blocks to keep ready: two reads and a window, or the whole of a small file. */
export function ringCapacity(size: number, blksize: number, windowsize: number): number {
  const streaming = Math.ceil((2 * CHUNK) / blksize) + windowsize + 1;
  return Math.min(streaming, Math.floor(size / blksize) + 1);
}

interface FeederEvents {
  loaded(): void;
  /** `short`: the file ended before its size. Otherwise what the source threw. */
  failed(cause: 'short' | { readonly thrown: unknown }): void;
}

/** Keeps a ring filled from a file, one read at a time and ahead of what is sent. */
export class Feeder {
  readonly #content: TftpFile | TftpBytes;
  readonly #ring: BlockRing;
  readonly #netascii: boolean;
  readonly #events: FeederEvents;
  readonly #size: number;
  #offset = 0;
  #reading = false;
  #closed = false;

  constructor(content: TftpFile | TftpBytes, ring: BlockRing, netascii: boolean, events: FeederEvents) {
    this.#content = content;
    this.#ring = ring;
    this.#netascii = netascii;
    this.#events = events;
    this.#size = content.kind === 'file' ? content.size : content.bytes.length;
  }

  /** Reads on if there is room for a whole chunk, or for all that is left. */
  fill(): void {
    while (!this.#reading && !this.#closed && this.#ring.last === undefined && this.#ring.room > 0) {
      const left = this.#size - this.#offset;
      if (left === 0) {
        this.#ring.finish();
        this.#events.loaded();
        return;
      }
      // A byte of text becomes two at worst.
      const room = this.#netascii ? this.#ring.room >>> 1 : this.#ring.room;
      const want = Math.min(left, this.#netascii ? CHUNK / 2 : CHUNK);
      if (room < want) return;
      if (this.#content.kind === 'file') {
        this.#read(this.#content, want);
        return;
      }
      this.#put(this.#content.bytes.subarray(this.#offset, this.#offset + want));
    }
  }

  /** Lets the file go; a read under way ends first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) this.#release();
  }

  #read(file: TftpFile, length: number): void {
    this.#reading = true;
    file
      .read(this.#offset, length)
      .then((bytes) => {
        this.#reading = false;
        if (this.#closed) {
          this.#release();
        } else if (bytes.length === 0 || bytes.length > length) {
          this.#events.failed('short');
        } else {
          this.#put(bytes);
          this.fill();
        }
      })
      // Also what went wrong with the bytes: without a listener it would end the process.
      .catch((thrown: unknown) => {
        this.#reading = false;
        if (this.#closed) this.#release();
        else this.#events.failed({ thrown });
      });
  }

  #put(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#ring.write(this.#netascii ? toNetascii(raw) : raw);
    if (this.#offset < this.#size || this.#ring.room === 0) this.#events.loaded();
  }

  #release(): void {
    if (this.#content.kind !== 'file') return;
    this.#content.close().catch(() => {
      // The transfer is over: a file that cannot be closed is the source's affair.
    });
  }
}

/** How a transfer ended, seen from the door. */
export type SessionEnd =
  | TransferEnd
  | { readonly kind: 'unreadable'; readonly cause: unknown }
  | { readonly kind: 'changed' }
  | { readonly kind: 'stopped' }
  /** Another transfer needed its slot. */
  | { readonly kind: 'displaced' };

interface SessionDeps {
  readonly limits: OptionLimits;
  /** Steady milliseconds. */
  readonly now: () => number;
  readonly send: (packet: Buffer) => void;
  /** Called when the client acknowledged something that it had not before. */
  readonly acknowledged: () => void;
  /** Called once, at the end. */
  readonly ended: (end: SessionEnd) => void;
}

/** One transfer: the state machine, its blocks, and the file that feeds them. */
export class Session {
  readonly blksize: number;
  readonly windowsize: number;
  readonly #deps: SessionDeps;
  readonly #transfer: Transfer;
  readonly #ring: BlockRing;
  readonly #feeder: Feeder;
  readonly #oack: Buffer | undefined;
  #over = false;

  constructor(request: TftpRequest, content: TftpFile | TftpBytes, deps: SessionDeps) {
    const netascii = request.mode === 'netascii';
    const size = content.kind === 'file' ? content.size : content.bytes.length;
    const { accepted, blksize, windowsize, timeout } = negotiate(
      request.options,
      deps.limits,
      netascii ? undefined : size,
    );
    this.blksize = blksize;
    this.windowsize = windowsize;
    this.#deps = deps;
    this.#oack = accepted.length === 0 ? undefined : encodeOack(accepted);
    this.#transfer = new Transfer({ windowsize, oack: this.#oack !== undefined, timeout }, deps.now());
    this.#ring = new BlockRing(blksize, ringCapacity(netascii ? size * 2 : size, blksize, windowsize));
    this.#feeder = new Feeder(content, this.#ring, netascii, {
      loaded: () => {
        this.#obey(this.#transfer.loaded(this.#ring.ready, this.#ring.last, deps.now()));
      },
      failed: (cause) => {
        if (cause === 'short') this.#fail(TFTP_ERROR.changed, { kind: 'changed' });
        else this.#fail(TFTP_ERROR.unreadable, { kind: 'unreadable', cause: cause.thrown });
      },
    });
  }

  /** When `tick` wants to be called. */
  get wakeAt(): number {
    return this.#transfer.wakeAt;
  }

  begin(): void {
    this.#obey(this.#transfer.begin(this.#deps.now()));
    this.#feeder.fill();
  }

  /** A packet from the client's own address and port. */
  receive(bytes: Buffer): void {
    const { acked, proven } = this.#transfer;
    const step = this.#transfer.receive(bytes, this.#deps.now());
    if (this.#transfer.acked !== acked || this.#transfer.proven !== proven) this.#deps.acknowledged();
    this.#obey(step);
    if (this.#transfer.acked === acked || this.#over) return;
    this.#ring.release(this.#transfer.acked);
    this.#feeder.fill();
  }

  /** The request came again. */
  again(): void {
    this.#obey(this.#transfer.again());
  }

  tick(now: number): void {
    this.#obey(this.#transfer.tick(now));
  }

  /** Ends it from our side; the client is told. */
  stop(): void {
    this.#fail(TFTP_ERROR.stopping, { kind: 'stopped' });
  }

  /** Ends it because its slot is needed. Who never acknowledged anything may not even have asked, and is told nothing. */
  giveWay(): void {
    if (this.#transfer.proven) this.#fail(TFTP_ERROR.displaced, { kind: 'displaced' });
    else this.#end({ kind: 'displaced' });
  }

  /** Ends it without a word: the client has begun anew. */
  drop(): void {
    this.#end({ kind: 'vanished', proven: true });
  }

  #obey(step: Step): void {
    if (step.oack && this.#oack !== undefined) this.#deps.send(this.#oack);
    for (let block = step.first; block < step.first + step.count; block += 1) {
      this.#deps.send(this.#ring.packet(block));
    }
    if (step.end !== undefined) this.#end(step.end);
  }

  #fail(error: Buffer, end: SessionEnd): void {
    if (!this.#over) this.#deps.send(error);
    this.#end(end);
  }

  #end(end: SessionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#feeder.close();
    this.#deps.ended(end);
  }
}
