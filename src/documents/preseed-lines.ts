/** One answer of a preseed, and where its value stands. */
export interface PreseedAnswer {
  readonly question: string;
  /** As debconf gets it: on one line. */
  readonly value: string;
  /** Where the value begins and ends in the text; equal when it is empty. */
  readonly start: number;
  readonly end: number;
}

export interface PreseedText {
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
