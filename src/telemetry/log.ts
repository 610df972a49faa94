import { createRequire } from 'node:module';
import pino from 'pino';
import type { PinoPretty } from 'pino-pretty';
import type { Log } from '../model/service.ts';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'pretty' | 'json';
  /** A file descriptor. */
  readonly fd: number;
}

/** A log and the way to empty its buffer before the process ends. */
export interface OpenLog {
  readonly log: Log;
  readonly flush: () => void;
}

/**
 * JSON lines are buffered (a line for each of 20,000 scripts a second must not cost a system call each) and flushed
 * every half second, at a warning, and at the end. Pretty lines are for eyes and are written at once.
 */
export function openLog(options: LogOptions): OpenLog {
  if (options.format === 'pretty') {
    const stream = prettyPrinter()({
      destination: options.fd,
      sync: true,
      ignore: 'pid,hostname',
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss.l',
    });
    return { log: pino({ level: options.level, base: null }, stream), flush: () => undefined };
  }
  const destination = pino.destination({ dest: options.fd, sync: false, minLength: 8192, periodicFlush: 500 });
  // A pipe whose reader went away, a full disk: machines boot all the same.
  destination.on('error', () => undefined);
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  function flush(): void {
    try {
      destination.flushSync();
    } catch {
      // Before its descriptor is open, or after the reader of a pipe went away, there is nothing to save.
    }
  }
  const atOnce =
    (level: 'warn' | 'error'): Log['warn'] =>
    (fields, message) => {
      logger[level](fields, message);
      flush();
    };
  return {
    log: {
      debug: logger.debug.bind(logger),
      info: logger.info.bind(logger),
      warn: atOnce('warn'),
      error: atOnce('error'),
    },
    flush,
  };
}

/** Only a terminal needs it, and a service starts without waiting for it. */
function prettyPrinter(): typeof PinoPretty {
  const load = createRequire(import.meta.url) as (name: string) => { readonly PinoPretty: typeof PinoPretty };
  return load('pino-pretty').PinoPretty;
}
