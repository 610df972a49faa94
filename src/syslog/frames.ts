/** How much of one message is kept: what is longer is cut, and the rest of it read over. */
export const KEPT_BYTES = 8192;
/** Of the length before a message. */
const MOST_DIGITS = 7;
const [NUL, NEWLINE, RETURN, SPACE, LESS] = [0, 10, 13, 32, 60];
const [ZERO, ONE, NINE] = [48, 49, 57];

/**
 * Cuts what a TCP connection brings into messages (RFC 6587): by octet counting where a message begins with its length,
 * else at the end of its line. Senders mix them, so each message is looked at anew. What is not whole yet is at most
 * `KEPT_BYTES`.
 */
export class Frames {
  #parts: Buffer[] = [];
  #kept = 0;
  /** Bytes of a counted message that are still to come; undefined between messages and within a line. */
  #left: number | undefined;
  /** What may be a length, and the blank behind it. */
  #count = '';
  #inLine = false;

  /** The messages that are whole now. */
  push(chunk: Buffer): readonly Buffer[] {
    const messages: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left !== undefined) at = this.#counted(chunk, at, messages);
      else if (this.#inLine) at = this.#line(chunk, at, messages);
      else at = this.#begin(chunk, at);
    }
    return messages;
  }

  /** What the connection left unfinished; undefined where it is nothing. */
  end(): Buffer | undefined {
    const rest = this.#inLine || this.#left !== undefined ? this.#take() : Buffer.from(this.#count);
    this.#count = '';
    return rest.length === 0 ? undefined : rest;
  }

  /** A length is digits, a blank, and the `<` of a priority: any other line may begin with a number. */
  #begin(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? NUL;
    if (this.#count === '' && (byte === NEWLINE || byte === RETURN || byte === NUL)) return at + 1;
    const counted = this.#count.endsWith(' ');
    if (counted && byte === LESS) {
      this.#left = Number(this.#count);
      this.#count = '';
      return at;
    }
    const digit = byte >= (this.#count === '' ? ONE : ZERO) && byte <= NINE;
    const goesOn = !counted && (digit ? this.#count.length < MOST_DIGITS : byte === SPACE && this.#count !== '');
    if (goesOn) {
      this.#count += String.fromCharCode(byte);
      return at + 1;
    }
    this.#inLine = true;
    this.#keep(Buffer.from(this.#count));
    this.#count = '';
    return at;
  }

  #counted(chunk: Buffer, at: number, messages: Buffer[]): number {
    const left = this.#left ?? 0;
    const end = Math.min(chunk.length, at + left);
    this.#keep(chunk.subarray(at, end));
    this.#left = left - (end - at);
    if (this.#left === 0) messages.push(this.#take());
    return end;
  }

  #line(chunk: Buffer, at: number, messages: Buffer[]): number {
    const found = chunk.indexOf(NEWLINE, at);
    const end = found < 0 ? chunk.length : found;
    this.#keep(chunk.subarray(at, end));
    if (found >= 0) messages.push(this.#take());
    return end + (found < 0 ? 0 : 1);
  }

  #keep(bytes: Buffer): void {
    const room = KEPT_BYTES - this.#kept;
    if (room <= 0 || bytes.length === 0) return;
    // A copy: a few bytes would keep the whole chunk alive.
    this.#parts.push(Buffer.from(bytes.subarray(0, room)));
    this.#kept += Math.min(room, bytes.length);
    // Bytes that come one by one must not become as many buffers.
    if (this.#parts.length > 64) this.#parts = [Buffer.concat(this.#parts)];
  }

  #take(): Buffer {
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#kept = 0;
    this.#left = undefined;
    this.#inLine = false;
    return whole;
  }
}
