import type { TftpOption } from './packet.ts';

/** Who asks, at which of our addresses, and how: options tell iPXE from firmware. */
export interface TftpAsk {
  /** Cleaned: relative, plain segments, printable ASCII. Not checked against anything else. */
  readonly name: string;
  readonly options: readonly TftpOption[];
  readonly client: { readonly address: string; readonly port: number };
  /** Our address that was asked. */
  readonly server: string;
}

/** An open file of a known size. Its content must not change under us: a replaced file keeps the old one open. */
export interface TftpFile {
  readonly kind: 'file';
  /** Bytes. */
  readonly size: number;
  /** At least one and at most `length` bytes from `offset`; none only at the end. Called once at a time. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Called once, when no read is under way. */
  close(): Promise<void>;
}

/** Something short that was made for this machine, such as a boot script. */
export interface TftpBytes {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

/** Where answers come from. */
export interface TftpSource {
  /** Undefined: there is no such file, or it is none of the client's business. What it throws is answered with ERROR 0. */
  open(ask: TftpAsk): Promise<TftpFile | TftpBytes | undefined>;
}
