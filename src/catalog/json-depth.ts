const MAX_DEPTH = 64;

/** The offset of the first bracket that is nested too deeply; found without recursion and without a tree. */
export function depthFault(text: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"' || character === '\n') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > MAX_DEPTH) return at;
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return undefined;
}
