/** A line of a machine's log, as far as the sender said what it is. */
export interface SyslogMessage {
  /** 0 (emergency) to 7 (debug). Absent where the line has no priority. */
  readonly severity?: number;
  /** What the sender calls itself: anything may stand here. */
  readonly host?: string;
  /** `anna`, `main-menu`, `kernel`. */
  readonly program?: string;
  /** Printable, at most `LONGEST_TEXT` characters. */
  readonly text: string;
}

/** Longer than anything that an installer says in one line; what stands behind it is counted. */
export const LONGEST_TEXT = 1024;
const LONGEST_NAME = 64;
/** No more of a message is looked at. */
const READ_BYTES = 8192;

/**
 * Reads a message of RFC 5424 or RFC 3164, or what programs send instead: without a host (busybox), with an ISO time
 * (rsyslog), without a priority (journalctl). There is no message that cannot be read: what has no form is text. The
 * sender's clock is not asked: an installer has none yet. `hide` leaves out what is secret, before anything is cut.
 * Undefined for an empty line.
 */
export function parseMessage(bytes: Buffer, hide = (text: string): string => text): SyslogMessage | undefined {
  const line = hide(printable(bytes.toString('utf8', 0, READ_BYTES)).trim());
  const [, priority, rest = line] = /^<(\d{1,3})>([^]*)$/.exec(line) ?? [];
  const message = structured(rest) ?? traditional(rest, priority !== undefined);
  if (message.text === '' && message.program === undefined) return undefined;
  const value = Number(priority ?? NaN);
  return {
    ...(value <= 191 ? { severity: value % 8 } : {}),
    ...(message.host === undefined ? {} : { host: message.host.slice(0, 255) }),
    ...(message.program === undefined ? {} : { program: message.program.slice(0, LONGEST_NAME) }),
    text: shortened(message.text, bytes.length),
  };
}

type Parts = Pick<SyslogMessage, 'host' | 'program' | 'text'>;

/** VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG] */
function structured(text: string): Parts | undefined {
  const head = /^1 (?:-|\d{4}-\S{1,40}) (\S{1,255}) (\S{1,255}) \S{1,128} \S{1,128} (?=[-[])/.exec(text);
  if (head === null) return undefined;
  const end = endOfData(text, head[0].length);
  if (end === undefined) return undefined;
  // A byte order mark says that UTF-8 follows, which we take it for anyhow.
  const said = text.slice(end).replace(/^ \ufeff?/, '');
  return { host: unlessNil(head[1]), program: unlessNil(head[2]), text: said.trim() };
}

/** Where the structured data end that begin at `start`; undefined where they do not end. */
function endOfData(text: string, start: number): number | undefined {
  if (text[start] === '-') return start + 1;
  let at = start;
  while (text[at] === '[') {
    let quoted = false;
    for (at += 1; at < text.length && (quoted || text[at] !== ']'); at += 1) {
      if (quoted && text[at] === '\\') at += 1;
      else if (text[at] === '"') quoted = !quoted;
    }
    if (text[at] !== ']') return undefined;
    at += 1;
  }
  return at;
}

function unlessNil(word: string | undefined): string | undefined {
  return word === '-' ? undefined : word;
}

const TIME = /^(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT\S{8,30}) /;
/** `anna[312]: `, `kernel: `, `(udev-worker)[7]: `; systemd's units may have any name. */
const TAG = /^([^\s:[]{1,128})(?:\[[^\s\]]{0,32}\])?:(?: |$)/;

/** [TIMESTAMP [HOSTNAME]] TAG: MSG. A first word that is neither a tag nor followed by one belongs to the text. */
function traditional(text: string, prioritised: boolean): Parts {
  const time = TIME.exec(text)?.[0] ?? '';
  // A line of any program may begin with a word and a colon.
  if (time === '' && !prioritised) return { text };
  const rest = text.slice(time.length);
  const own = TAG.exec(rest);
  if (own !== null) return { program: own[1], text: rest.slice(own[0].length).trim() };
  const [, host, after = ''] = /^(\S{1,255}) +(.*)$/s.exec(rest) ?? [];
  const tag = time === '' ? null : TAG.exec(after);
  if (host === undefined || tag === null) return { text: rest.trim() };
  return { host, program: tag[1], text: after.slice(tag[0].length).trim() };
}

// eslint-disable-next-line no-control-regex -- an escape sequence begins with one
const COLOURS = /\u001b\[[0-9;?]{0,16}[A-Za-z]/g;

/** Nothing in it moves a cursor, turns the direction of writing round, or begins a line of its own. */
export function printable(text: string): string {
  return text
    .replaceAll(COLOURS, '')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

function shortened(text: string, bytes: number): string {
  if (text.length <= LONGEST_TEXT) return text;
  const kept = text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, '');
  return `${kept} ... (${bytes} bytes in all)`;
}
