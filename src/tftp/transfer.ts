import { errorText, OPCODE } from './packet.ts';

/** How a transfer ended. */
export type TransferEnd =
  | { readonly kind: 'done' }
  /** Everything was sent; the acknowledgement of the last block never came. Most clients leave without one. */
  | { readonly kind: 'unconfirmed' }
  /** The client said ERROR. Firmware does so after it has seen tsize: that is normal. */
  | { readonly kind: 'aborted'; readonly code: number; readonly text: string }
  /** Silence. Not `proven`: the address never acknowledged anything. */
  | { readonly kind: 'vanished'; readonly proven: boolean };

/** What is to be done now. */
export interface Step {
  readonly oack: boolean;
  /** Send `count` blocks beginning with this one (absolute numbers). */
  readonly first: number;
  readonly count: number;
  readonly end: TransferEnd | undefined;
}

export interface TransferPlan {
  readonly windowsize: number;
  /** An OACK comes first. */
  readonly oack: boolean;
  /** Seconds; the client's `timeout` option: never wait longer than that before sending again. */
  readonly timeout: number | undefined;
}

/** To an address that has acknowledged nothing, so that a forged source cannot make us flood a victim. */
const MAX_UNPROVEN = 4;
/** Tries for the last block before we take the client to have left. */
const MAX_LAST_TRIES = 7;
const MAX_SILENCE_MS = 30_000;
/**
 * For a client that has acknowledged something. GRUB opens the initrd and goes on reading only when the kernel wants it,
 * which takes a busy machine longer than half a minute. The slots ask for its place sooner when others need it.
 */
const MAX_PROVEN_SILENCE_MS = 300_000;

const NOTHING: Step = { oack: false, first: 0, count: 0, end: undefined };
const OACK: Step = { oack: true, first: 0, count: 0, end: undefined };

/**
 * The sending side of RFC 1350 with RFC 2347 and 7440. It is told what arrived, what time it is and how far the file
 * has been read; it answers with what to do. Nothing is sent again because of a duplicate ACK (RFC 1123 4.2.3.1,
 * Sorcerer's Apprentice): only the clock and the gap of RFC 7440 repeat. Times are milliseconds of any steady clock.
 */
export class Transfer {
  readonly #window: number;
  readonly #clock: RetransmissionClock;
  #phase: 'oack' | 'data' | 'over';
  /** Highest block acknowledged; highest block sent in this window; highest block that can be sent. */
  #acked = 0;
  #sent = 0;
  #ready = 0;
  #last = Infinity;
  /** Until this block is acknowledged, copies are under way; what had been sent when the first of them was. */
  #recover = 0;
  #original = 0;
  #proven = false;
  #unproven = 0;

  constructor(plan: TransferPlan, now: number) {
    this.#window = plan.windowsize;
    this.#phase = plan.oack ? 'oack' : 'data';
    this.#clock = new RetransmissionClock(plan.timeout, MAX_SILENCE_MS, now);
  }

  /** The client has acknowledged something. */
  get proven(): boolean {
    return this.#proven;
  }

  get acked(): number {
    return this.#acked;
  }

  /** When `tick` wants to be called. */
  get wakeAt(): number {
    return this.#clock.wakeAt;
  }

  begin(now: number): Step {
    if (this.#phase !== 'oack') return this.#more(now);
    this.#unproven += 1;
    this.#clock.sent(now);
    return OACK;
  }

  /** Blocks up to `ready` can be sent; `last` is the number of the last one as soon as that is known. */
  loaded(ready: number, last: number | undefined, now: number): Step {
    this.#ready = ready;
    if (last !== undefined) this.#last = last;
    return this.#phase === 'data' ? this.#more(now) : NOTHING;
  }

  /** A packet of the client's own address and port. Anything but an ACK and an ERROR means nothing here. */
  receive(bytes: Buffer, now: number): Step {
    if (this.#phase === 'over' || bytes.length < 4 || bytes[0] !== 0) return NOTHING;
    if (bytes[1] === OPCODE.ack) return this.#acknowledge(bytes.readUInt16BE(2), now);
    if (bytes[1] !== OPCODE.error) return NOTHING;
    return this.#end({ kind: 'aborted', code: bytes.readUInt16BE(2), text: errorText(bytes) });
  }

  /** The client sent its request again: it has not seen our answer. */
  again(): Step {
    if (this.#proven || this.#phase === 'over' || this.#unproven >= MAX_UNPROVEN) return NOTHING;
    if (this.#phase === 'data' && this.#sent === 0) return NOTHING;
    return this.#repeat();
  }

  tick(now: number): Step {
    if (this.#phase === 'over' || now < this.#clock.wakeAt) return NOTHING;
    if (this.#clock.exhausted(now)) return this.#end(this.#silence());
    if (!this.#proven && this.#unproven >= MAX_UNPROVEN) return this.#end({ kind: 'vanished', proven: false });
    if (this.#sent === this.#last && this.#clock.tries >= MAX_LAST_TRIES) return this.#end(this.#silence());
    this.#clock.repeated(now);
    return this.#repeat();
  }

  #acknowledge(block: number, now: number): Step {
    if (this.#phase === 'oack') {
      if (block !== 0) return NOTHING;
      this.#phase = 'data';
      this.#progress(now);
      return this.#more(now);
    }
    // How far this ACK is beyond the last one, modulo 65536. A duplicate is 0; what was never sent is further than
    // what is in flight, and what is old further still.
    const ahead = (block - this.#acked) & 0xffff;
    if (ahead === 0 || ahead > this.#sent - this.#acked) return NOTHING;
    this.#acked += ahead;
    this.#progress(now);
    if (this.#acked === this.#last) return this.#end({ kind: 'done' });
    if (this.#acked === this.#sent) return this.#more(now);
    return this.#inside(this.#acked - ahead < this.#recover, now);
  }

  /**
   * RFC 7440 section 4: an ACK inside the window tells of a gap; go on behind it. But clients also answer so to a block
   * that they have already, and what we send again is such blocks: believed each time, one doubled DATA makes every
   * window go out two or three times until the end. So while copies are under way, only an ACK of what they repeat is
   * believed; behind that a gap is left to the clock, which then does not wait long.
   */
  #inside(copies: boolean, now: number): Step {
    if (copies && this.#acked >= this.#original) {
      const step = this.#more(now);
      this.#clock.soon(now);
      return step;
    }
    if (!copies) this.#original = this.#sent;
    this.#sent = this.#acked;
    const step = this.#more(now);
    this.#recover = this.#sent;
    return step;
  }

  #progress(now: number): void {
    if (!this.#proven) this.#clock.allowSilence(MAX_PROVEN_SILENCE_MS);
    this.#proven = true;
    this.#clock.progress(now);
  }

  /** Fills the window with what is ready. */
  #more(now: number): Step {
    const until = Math.min(this.#acked + this.#window, this.#last, this.#ready);
    const first = this.#sent + 1;
    if (until < first) {
      if (this.#sent === this.#acked) this.#clock.idle();
      return NOTHING;
    }
    if (!this.#proven) this.#unproven += 1;
    this.#sent = until;
    this.#clock.sent(now);
    return { oack: false, first, count: until - first + 1, end: undefined };
  }

  #repeat(): Step {
    if (!this.#proven) this.#unproven += 1;
    if (this.#phase === 'oack') return OACK;
    this.#recover = this.#sent;
    this.#original = this.#sent;
    return { oack: false, first: this.#acked + 1, count: this.#sent - this.#acked, end: undefined };
  }

  #silence(): TransferEnd {
    return this.#sent === this.#last && this.#proven
      ? { kind: 'unconfirmed' }
      : { kind: 'vanished', proven: this.#proven };
  }

  #end(end: TransferEnd): Step {
    this.#phase = 'over';
    return { oack: false, first: 0, count: 0, end };
  }
}

/** A second, as most servers have it, costs iPXE 10-16 s per MiB where one packet in a hundred is lost. */
const FIRST_MS = 250;
const MIN_MS = 100;
const MAX_MS = 4_000;
const MIN_SOON_MS = 20;

/**
 * When to send again: RFC 6298's estimate of the round trip between 100 ms and 4 s (250 ms until something is known),
 * doubled with every try; a sample is taken only where nothing was sent twice (Karn).
 */
export class RetransmissionClock {
  /** Milliseconds of the caller's clock. */
  wakeAt: number;
  /** Repetitions since the last progress. */
  tries = 0;
  readonly #cap: number;
  #silence: number;
  #wait: number;
  #srtt: number | undefined;
  #variation = 0;
  #sentAt: number;
  #progressAt: number;
  /** The wait that runs says nothing about the round trip. */
  #hurried = false;

  /** `timeout`: seconds between tries at most; `silence`: milliseconds without progress until it is over. */
  constructor(timeout: number | undefined, silence: number, now: number) {
    this.#cap = timeout === undefined ? MAX_MS : Math.min(MAX_MS, timeout * 1000);
    this.#silence = silence;
    this.#wait = FIRST_MS;
    this.#sentAt = now;
    this.#progressAt = now;
    this.wakeAt = now + silence;
  }

  /** From now on it is over only after so many milliseconds without progress. */
  allowSilence(silence: number): void {
    this.#silence = silence;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#hurried = false;
    this.#arm(now);
  }

  /** What is in flight may have been lost: no longer than two round trips, but never less than the server's tick. */
  soon(now: number): void {
    this.#hurried = true;
    this.#arm(now, Math.min(this.#wait, Math.max(MIN_SOON_MS, 2 * (this.#srtt ?? this.#wait))));
  }

  repeated(now: number): void {
    this.tries += 1;
    if (!this.#hurried) this.#wait = Math.min(this.#wait * 2, this.#cap);
    this.#hurried = false;
    this.#arm(now);
  }

  /** Something new was acknowledged. */
  progress(now: number): void {
    this.#progressAt = now;
    if (this.tries === 0) this.#sample(now - this.#sentAt);
    this.tries = 0;
  }

  /** Nothing is in flight: the file is being read. Only the silence counts. */
  idle(): void {
    this.wakeAt = this.#progressAt + this.#silence;
  }

  exhausted(now: number): boolean {
    return now >= this.#progressAt + this.#silence;
  }

  #arm(now: number, wait = this.#wait): void {
    this.wakeAt = Math.min(now + wait, this.#progressAt + this.#silence);
  }

  #sample(rtt: number): void {
    if (this.#srtt === undefined) {
      this.#srtt = rtt;
      this.#variation = rtt / 2;
    } else {
      this.#variation += (Math.abs(this.#srtt - rtt) - this.#variation) / 4;
      this.#srtt += (rtt - this.#srtt) / 8;
    }
    this.#wait = Math.max(MIN_MS, Math.min(this.#srtt + 4 * this.#variation, this.#cap));
  }
}
