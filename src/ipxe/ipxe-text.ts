import { Failure } from '../model/failure.ts';

/**
 * How text gets into an iPXE script. iPXE has no quoting (core/exec.c): a line is split at blanks (runs collapse), a
 * word that begins with `#` ends it, stand-alone `;` `&&` `||` split commands, a trailing `\` joins the next line, and
 * `${...}` is always expanded, after the splitting.
 */

/** iPXE takes anything from two options before a bare word on as an option: a line of text must not begin with `-`. */
const LIVE_WORD = /^(?:#.*|;|&&|\|\|)$/;

/** One line for the screen: printable ASCII in which nothing is live any more, at most 400 characters. */
export function safeEcho(text: string): string {
  const plain = text
    .slice(0, 400)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll('${', '$ {');
  const words = plain
    .trim()
    .split(' ')
    .map((word) => (LIVE_WORD.test(word) ? `'${word}'` : word));
  const line = words.join(' ');
  return line.replace(/^-/, '*').replace(/\\$/, "\\'");
}

/** `echo` commands for lines of text, at most 60 of them; an empty line is an empty line on the screen. */
export function echoLines(lines: readonly string[]): string[] {
  return lines.slice(0, 60).map((line) => `echo ${safeEcho(line)}`.trimEnd());
}

/** Why a word (or several, separated by single blanks) would not arrive as it is written; undefined when it would. */
export function liveText(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'holds a line break';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return 'holds a control character';
  // A comment of a key may be in any language: to iPXE and Linux its bytes are plain ones (2019 and 6.1).
  if (/[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(text)) return 'holds characters that cannot be printed';
  if (text.includes('${')) return 'holds "${", which iPXE expands on the machine';
  const words = text.split(' ');
  const comment = words.find((word) => word.startsWith('#'));
  if (comment !== undefined)
    return `has the word "${comment.slice(0, 40)}": iPXE ends the line at a word that begins with "#"`;
  const operator = words.find((word) => LIVE_WORD.test(word));
  if (operator !== undefined) return `has the word "${operator}", which splits an iPXE command in two`;
  if (text.endsWith('\\')) return 'ends with a backslash, which joins the next line';
  return undefined;
}

/**
 * The last guard before a script leaves: what the catalog should have refused never becomes a second command.
 * Returns the text; throws Failure `broken`.
 */
export function inert(text: string): string {
  const reason = liveText(text);
  if (reason === undefined) return text;
  throw new Failure('broken', `"${safeEcho(text).slice(0, 80)}" ${reason}`, {
    remedy: 'take it out of the profile; `pilotlight check` shows where it stands',
  });
}

/** `base?name=value&...`, every value percent-encoded, absent and empty ones left out. One word, nothing live in it. */
export function queryUrl(base: string, pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const query = pairs
    .filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':')}`);
  return query.length === 0 ? base : `${base}?${query.join('&')}`;
}
