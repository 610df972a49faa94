import { BlockRing, Feeder, ringCapacity } from './blocks.ts';
import { encodeOack, negotiate, type OptionLimits, TFTP_ERROR, type TftpRequest } from './packet.ts';
import type { TftpFile } from './source.ts';
import { type Step, Transfer, type TransferEnd } from './transfer.ts';

/** How a transfer ended, seen from the server. */
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
  /** Packets that lie one behind the other, each of `size` bytes; the last may be shorter. */
  readonly send: (packets: Buffer, size: number) => void;
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

  constructor(request: TftpRequest, content: TftpFile, deps: SessionDeps) {
    const netascii = request.mode === 'netascii';
    const { size } = content;
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
    if (this.#transfer.acked === acked) return;
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

  /** Ends it from our side, with an ERROR. */
  stop(): void {
    this.#fail(TFTP_ERROR.stopping, { kind: 'stopped' });
  }

  /**
   * Ends it because its slot is needed. A client that never acknowledged anything may not
   * even have asked, and gets no ERROR.
   */
  giveWay(): void {
    if (this.#transfer.proven) this.#fail(TFTP_ERROR.displaced, { kind: 'displaced' });
    else this.#end({ kind: 'displaced' });
  }

  /** Ends it without a word: the client has begun anew. */
  drop(): void {
    this.#end({ kind: 'vanished', proven: true });
  }

  #obey(step: Step): void {
    if (this.#over) return;
    if (step.oack && this.#oack !== undefined) this.#deps.send(this.#oack, this.#oack.length);
    const size = this.blksize + 4;
    for (let sent = 0; sent < step.count;) {
      const packets = this.#ring.packets(step.first + sent, step.count - sent);
      sent += Math.ceil(packets.length / size);
      this.#deps.send(packets, size);
    }
    if (step.end !== undefined) this.#end(step.end);
  }

  #fail(error: Buffer, end: SessionEnd): void {
    if (!this.#over) this.#deps.send(error, error.length);
    this.#end(end);
  }

  #end(end: SessionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#feeder.close();
    this.#deps.ended(end);
  }
}
