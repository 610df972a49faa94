import type { Log, LogFields } from '../../domain/log.ts';
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
    case 'stopped':
      log.info(fields, 'tftp: cut by the shutdown');
      break;
    case 'changed':
      log.warn(fields, 'tftp: the file ended before its size');
      break;
    case 'unreadable':
      log.error({ ...fields, cause: end.cause }, 'tftp: the file could not be read');
      break;
  }
}
