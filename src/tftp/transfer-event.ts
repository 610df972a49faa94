import type { Log, LogFields } from '../model/service.ts';
import type { SessionEnd } from './session.ts';

/** Says in the log how a transfer ended. Clients that abort or leave are everyday: only our own trouble is a warning. */
export function reportEnd(log: Log, end: SessionEnd, fields: LogFields): void {
  switch (end.kind) {
    case 'done':
      log.info(fields, 'tftp: sent');
      break;
    case 'unconfirmed':
      log.info(fields, 'tftp: sent, the last block was not acknowledged');
      break;
    case 'aborted':
      // Firmware asks for the size first and then says ERROR 8.
      log.debug({ ...fields, code: end.code, text: end.text }, 'tftp: the client ended the transfer');
      break;
    case 'vanished':
      log.info({ ...fields, answered: end.proven }, 'tftp: the client went silent');
      break;
    case 'displaced':
      // Said for all of them together by the crowd's own line: there may be hundreds a second.
      log.debug(fields, 'tftp: gave its slot to another transfer');
      break;
    case 'stopped':
      log.info(fields, 'tftp: cut by the shutdown');
      break;
    case 'changed':
      log.warn(fields, 'tftp: the file was changed while it was sent');
      break;
    case 'unreadable':
      log.error({ ...fields, cause: end.cause }, 'tftp: the file could not be read');
      break;
  }
}

const CROWDED_MS = 60_000;
const REMEMBERED = 1000;

/** Says that there are too many transfers: often enough to be noticed, too seldom to fill a log. */
export class CrowdReport {
  readonly #log: Log;
  readonly #perAddress: number;
  readonly #addresses = new Set<string>();
  #displaced = 0;
  #dropped = 0;
  #saidAt = -Infinity;

  constructor(log: Log, perAddress: number) {
    this.#log = log;
    this.#perAddress = perAddress;
  }

  /** A transfer gave its slot to another one. */
  displaced(client: string, now: number): void {
    this.#displaced += 1;
    this.#say(client, now);
  }

  /** A request was dropped: every slot is in use by a client that is there. */
  dropped(client: string, now: number): void {
    this.#dropped += 1;
    this.#say(client, now);
  }

  /** A request was dropped: its address has all that one address may have. Said once for each address. */
  addressFull(client: string): void {
    if (this.#addresses.has(client)) return;
    if (this.#addresses.size >= REMEMBERED) this.#addresses.clear();
    this.#addresses.add(client);
    const remedy = 'if many machines share the address (NAT), set PILOTLIGHT_TFTP_PER_ADDRESS higher';
    const fields = { client, transfers: this.#perAddress, remedy };
    this.#log.info(fields, 'tftp: one address has as many transfers as it may, more requests from there are dropped');
  }

  #say(client: string, now: number): void {
    if (now - this.#saidAt < CROWDED_MS) return;
    this.#saidAt = now;
    this.#log.warn(
      { client, displaced: this.#displaced, dropped: this.#dropped },
      'tftp: all slots were in use; transfers that acknowledged nothing make room first',
    );
    this.#displaced = 0;
    this.#dropped = 0;
  }
}

/** A request that was served, or not, for the journal and the metrics. */
export interface TransferEvent {
  /** The client's address. */
  readonly client: string;
  /** Cleaned. */
  readonly file: string;
  /** Of the whole file; 0 when there is none. */
  readonly size: number;
  /** Milliseconds. */
  readonly ms: number;
  readonly end: SessionEnd['kind'] | 'not found';
}
