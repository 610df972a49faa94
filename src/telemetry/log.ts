import pino from 'pino';
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
    const out = pino.destination({ dest: options.fd, sync: true });
    out.on('error', () => undefined);
    const write = (line: string): void => {
      out.write(`${prettyLine(JSON.parse(line) as Entry, hasColours(options.fd))}\n`);
    };
    return { log: pino({ level: options.level, base: null }, { write }), flush: () => undefined };
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

interface Entry extends Readonly<Record<string, unknown>> {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly remedy?: string;
  readonly err?: { readonly stack?: string; readonly message?: string };
}

/** What a field says in a whole sentence: it stands behind the message. */
const SENTENCES: ReadonlySet<string> = new Set(['problem', 'because', 'answer', 'why', 'message']);

/** `17:06:16 ERROR a file has a problem: is not JSON (close it) place=profiles/b.json:2:1`, and a fault's stack below. */
function prettyLine({ level, time, msg = '', remedy, err, ...fields }: Entry, colours: boolean): string {
  const paint = (code: string, text: string): string =>
    colours && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  const [code, word] =
    level >= 50 ? ['31', 'ERROR'] : level >= 40 ? ['33', 'WARN '] : ['32', level >= 30 ? 'INFO ' : 'DEBUG'];
  const said = Object.entries(fields).filter(([name, value]) => SENTENCES.has(name) && typeof value === 'string');
  const rest = Object.entries(fields).filter(
    ([name, value]) => !said.some(([one]) => one === name) && value !== undefined,
  );
  return [
    paint('90', clockTime(time)),
    paint(code, word),
    [msg, ...said.map(([, value]) => value)].map(plain).join(': ') +
      (remedy === undefined ? '' : ` (${plain(remedy)})`),
    paint('90', rest.map(([name, value]) => `${plain(name)}=${fieldText(value)}`).join(' ')),
  ]
    .filter((part) => part !== '')
    .join(' ')
    .concat(
      ...(err?.stack ?? err?.message ?? '').split('\n').flatMap((line) => (line === '' ? [] : `\n    ${plain(line)}`)),
    );
}

/** In quotes where it would not be seen where it ends. */
function fieldText(value: unknown): string {
  const text = plain(value);
  return typeof value === 'string' && /^$|[ ="]/.test(text) ? `"${text}"` : text;
}

/** Machines name themselves: nothing that they say moves a cursor or begins a line. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

function clockTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A terminal that shows them, without NO_COLOR. */
function hasColours(fd: number): boolean {
  const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : undefined;
  return stream?.isTTY === true && stream.hasColors();
}
