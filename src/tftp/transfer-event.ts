import type { SessionEnd } from './session.ts';

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
