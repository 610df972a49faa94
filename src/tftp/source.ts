import { encodeError, type TftpOption } from './packet.ts';

/**
 * Every ERROR that this server sends (RFC 1350's codes). The texts are fixed: a machine's screen shows them, and they
 * tell nothing about the host. What may not be read and what is not there look the same.
 */
export const TFTP_ERROR = {
  unreadable: encodeError(0, 'The file cannot be read now'),
  changed: encodeError(0, 'The file changed while it was sent'),
  displaced: encodeError(0, 'The server is busy, and this client was silent'),
  stopping: encodeError(0, 'The server is stopping'),
  notFound: encodeError(1, 'File not found'),
  readOnly: encodeError(2, 'This server is read-only'),
  illegal: encodeError(4, 'Illegal TFTP operation'),
  badMode: encodeError(4, 'Only the modes octet and netascii are served'),
  stranger: encodeError(5, 'Unknown transfer ID'),
} as const;

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
