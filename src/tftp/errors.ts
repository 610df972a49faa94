import { encodeError } from './encode.ts';

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
