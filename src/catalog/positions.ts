/** A place in a text, both 1-based; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where an offset lies. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) {
    line += 1;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
}

/** A path into JSON: names and array indexes. */
export type JsonPath = readonly (string | number)[];

/** `nodes[2].mac`, `vars["a b"]`: how messages write a path. Empty for the whole file. */
export function pathText(path: JsonPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$-]{0,255}$/;
const STEP = /\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/y;

/** The way back from `pathText`; undefined for anything else. */
export function parsePath(text: string): JsonPath | undefined {
  const path: (string | number)[] = [];
  for (let at = 0; at < text.length; at = STEP.lastIndex) {
    STEP.lastIndex = text[at] === '.' && at > 0 ? at + 1 : at;
    const [, index, quoted, plain] = STEP.exec(text) ?? [];
    if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(JSON.parse(quoted) as string);
    else if (plain !== undefined) path.push(plain);
    else return undefined;
  }
  return path;
}
