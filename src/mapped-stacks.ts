import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

// The build puts this before each program that it makes of many files: a stack trace in the log names the files and lines
// of src/. The map is read with the first trace: a program without faults does not pay for it.

const PROGRAM = fileURLToPath(import.meta.url);
let map: SourceMap | undefined;

Error.prepareStackTrace = (error, frames) => [headline(error), ...frames.map(frameLine)].join('\n    at ');

function headline(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function frameLine(frame: NodeJS.CallSite): string {
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- V8's has one of its own
  const text = String(frame);
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
  if (file !== PROGRAM || line === null || column === null) return text;
  const found = readMap().findEntry(line - 1, column - 1);
  if (!('originalSource' in found)) return text;
  const place = `${found.originalSource.replace(/^(?:\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  return text.replace(`${file}:${line}:${column}`, place);
}

function readMap(): SourceMap {
  const empty = '{"version":3,"sources":[],"names":[],"mappings":""}';
  const file = `${PROGRAM}.map`;
  map ??= new SourceMap(JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : empty) as never);
  return map;
}
