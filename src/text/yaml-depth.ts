import { Lexer } from 'yaml';

/** Far above what is read, far below what the library can take: it recurses, and from some 1,000 levels on ends the stack. */
const LIMIT = 400;

/**
 * Whether the library cannot read this. It must not even try: where the stack ends while V8 compiles a pattern, V8 ends the
 * whole process instead of throwing. Token by token, without recursion; what stands in texts and comments does not count.
 */
export function isTooDeep(text: string): boolean {
  if (!mayBe(text)) return false;
  const indents: number[] = [];
  let inLine = 0;
  let flow = 0;
  let isNew = true;
  for (const token of new Lexer().lex(text)) {
    const isSpace = /^ +$/.test(token);
    if (isNew && token !== '\n') {
      const width = isSpace ? token.length : 0;
      while ((indents.at(-1) ?? -1) >= width) indents.pop();
      indents.push(width);
      inLine = 0;
    }
    isNew = token.endsWith('\n');
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '-' || token === '?') inLine += 1;
    if (indents.length + inLine + flow > LIMIT) return true;
  }
  return false;
}

/** A level takes a character of these, or a line that is indented more than the one before. */
function mayBe(text: string): boolean {
  return text.length > LIMIT ** 2 / 2 || (text.match(/[[{?-]/g)?.length ?? 0) >= LIMIT;
}
