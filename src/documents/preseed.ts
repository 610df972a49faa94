import type { Diagnostics } from '../text/diagnostics.ts';
import { shown } from '../text/text.ts';
import { reportCommand } from './units.ts';

const TYPES = ['string', 'boolean', 'select', 'multiselect', 'note', 'text', 'password', 'title', 'error', 'seen'];

/**
 * A Debian preseed, as debconf-set-selections(1) reads it: comments, and `OWNER QUESTION TYPE VALUE` lines, where a
 * backslash at the end goes on in the next. All diagnostics are warnings: the installer skips what it cannot read.
 */
export function checkPreseed(text: string, diagnostics: Diagnostics): void {
  let offset = 0;
  let answers = 0;
  let continued = false;
  for (const line of text.split('\n')) {
    const start = offset;
    offset += line.length + 1;
    const goesOn = continued;
    const words = line.trim();
    continued = words.endsWith('\\');
    if (goesOn || words === '' || words.startsWith('#')) continue;
    answers += 1;
    const [owner = '', question = '', type = ''] = words.split(/\s+/);
    if (owner.endsWith(':')) {
      const remedy = `write ${owner.slice(0, -1)}`;
      diagnostics.warn(`${shown(owner)} is no owner of a question`, { offset: start, remedy });
    } else if (!question.includes('/')) {
      const remedy = 'write OWNER QUESTION TYPE VALUE, such as "d-i debian-installer/locale string en_US"';
      diagnostics.warn(`${shown(words)} answers no question`, { offset: start, remedy });
    } else if (!TYPES.includes(type)) {
      diagnostics.warn(`${shown(type)} is no type of answer`, {
        offset: start,
        remedy: `one of ${TYPES.slice(0, 7).join(', ')}`,
      });
    } else if (type === 'boolean' && !/^\S+\s+\S+\s+\S+\s+(?:true|false)$/.test(words)) {
      diagnostics.warn(`${shown(`${owner} ${question}`)} wants true or false`, {
        offset: start,
        remedy: 'write one of them',
      });
    }
  }
  if (answers === 0) diagnostics.warn('the preseed answers nothing', { remedy: 'add "d-i ..." lines' });
}

/** One answer of a preseed, and where its value stands. */
interface PreseedAnswer {
  readonly question: string;
  /** As debconf gets it: on one line. */
  readonly value: string;
  /** Where the value begins and ends in the text; equal when it is empty. */
  readonly start: number;
  readonly end: number;
}

interface PreseedText {
  readonly answers: readonly PreseedAnswer[];
  /** The last line ends with a backslash: whatever is appended would go on in it. */
  readonly open: boolean;
}

interface Piece {
  readonly text: string;
  readonly offset: number;
}

/**
 * Reads a preseed as debian-installer's debconf-set-selections does: lines that begin with `#` and empty lines go
 * first, also inside of a long line; a backslash at the end goes on in the next line, with one blank between.
 */
export function readPreseed(text: string): PreseedText {
  const answers: PreseedAnswer[] = [];
  let pieces: Piece[] = [];
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.replaceAll('\r', ' ').trimEnd();
    if (line.startsWith('#') || line.trim() === '') continue;
    const continued = line.endsWith('\\');
    const body = (continued ? line.slice(0, -1) : line).trimEnd();
    const indent = body.length - body.trimStart().length;
    if (body.trim() !== '') pieces.push({ text: body.slice(indent), offset: start + indent });
    if (continued) continue;
    const answer = answerOf(pieces, start + body.length);
    if (answer !== undefined) answers.push(answer);
    pieces = [];
  }
  return { answers, open: pieces.length > 0 };
}

function answerOf(pieces: readonly Piece[], lineEnd: number): PreseedAnswer | undefined {
  const joined = pieces.map((piece) => piece.text).join(' ');
  const [head = '', question = ''] = /^\S+\s+(\S+)(?:\s+\S+)?\s*/.exec(joined) ?? [];
  if (question === '') return undefined;
  const value = joined.slice(head.length);
  return { question, value, start: value === '' ? lineEnd : placeOf(pieces, head.length), end: lineEnd };
}

/** Where a character of the joined line stands in the text. */
function placeOf(pieces: readonly Piece[], at: number): number {
  let before = 0;
  for (const { text, offset } of pieces) {
    if (at < before + text.length) return offset + at - before;
    before += text.length + 1;
  }
  return 0;
}

interface PreseedInstall {
  readonly disk: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/** Why a preseed cannot be told to report: for people. */
export const UNREADABLE_LATE_COMMAND = 'preseed/late_command has a comment in it: nothing can follow it';

/**
 * The operator's preseed, with what makes it install to this disk, report and reboot. What he answered himself stays as
 * it is; only his late_command is put into brackets and gets a tail: it reports when his part has worked, because a
 * failing late_command stops the installer with a message, and must go on doing so.
 *
 * The netboot installer of Debian 12 has GNU wget (1.21.3) for that; the one of its busybox knows no POST. The command
 * runs before the network is taken down (finish-install.d: 07preseed, 97release-dhcp-lease).
 */
export function installPreseed(text: string, { disk, report }: PreseedInstall): string {
  const { answers, open } = readPreseed(text);
  // Half a line at the end is dropped by the installer; it would swallow ours.
  if (open) return text;
  const late = answers.findLast((answer) => answer.question === 'preseed/late_command');
  const command = reportCommand('wget', report, { pause: 5, aloud: true });
  const added: string[] = [];
  const has = (question: string): boolean => answers.some((answer) => answer.question === question);
  if (!has('partman-auto/disk')) added.push(`d-i partman-auto/disk string ${disk}`);
  if (late === undefined) added.push(`d-i preseed/late_command string ${command}`);
  // The last question of all ("Installation complete") is asked at any priority.
  if (!has('finish-install/reboot_in_progress')) added.push('d-i finish-install/reboot_in_progress note');
  const told = late === undefined || hasComment(late.value) ? text : withTail(text, late, command);
  if (added.length === 0) return told;
  return `${told}${told === '' || told.endsWith('\n') ? '' : '\n'}# Added by Pilotlight, because the profile installs:\n${added.join('\n')}\n`;
}

function withTail(text: string, late: PreseedAnswer, command: string): string {
  const before = text.slice(0, late.start);
  if (late.value === '') return `${before} ${command}${text.slice(late.end)}`;
  return `${before}( ${text.slice(late.start, late.end)} ) && ${command}${text.slice(late.end)}`;
}

/** A comment of the shell: a `#` that begins a word. In quotes it is none, and then we are too careful. */
export function hasComment(command: string): boolean {
  return /(?:^|[\s;&|()])#/.test(command);
}
