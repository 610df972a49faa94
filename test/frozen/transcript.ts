import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One step of a recorded session and what came of it, both as lines of text. */
export interface Step {
  /** `GET /ipxe?mac=...`, `tftp undionly.kpxe`, `check --json`: what stands behind `> `. */
  readonly words: string;
  readonly outcome: string;
}

const SESSIONS = join(import.meta.dirname, 'sessions');

/** The steps of a recording: lines that begin with `> `, each with what was seen below it. */
export function readSession(name: string): readonly Step[] {
  const steps: { words: string; lines: string[] }[] = [];
  for (const line of readFileSync(join(SESSIONS, name), 'utf8').split('\n')) {
    if (line.startsWith('> ')) steps.push({ words: line.slice(2), lines: [] });
    else if (!line.startsWith('#')) steps.at(-1)?.lines.push(line.startsWith('\\') ? line.slice(1) : line);
  }
  return steps.map(({ words, lines }) => ({ words, outcome: trimmed(lines.join('\n')) }));
}

/**
 * True while a session is recorded for the first time (`PILOTLIGHT_FREEZE=1`). What was recorded is never written again:
 * to change it, edit the file by hand and say why in the commit.
 */
export function isRecording(steps: readonly Step[]): boolean {
  return process.env['PILOTLIGHT_FREEZE'] === '1' && steps.every(({ outcome }) => outcome === '');
}

export function writeSession(name: string, steps: readonly Step[]): void {
  const file = join(SESSIONS, name);
  const outcomes = steps.map(({ outcome }) => outcome).values();
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('#') || line.startsWith('> '));
  const text = lines.map((line) =>
    line.startsWith('#') ? line : `${line}\n${escaped(outcomes.next().value ?? '')}\n`,
  );
  writeFileSync(file, text.join('\n'));
}

/** What no machine decides by, and what differs from run to run, under one name. */
export function normalized(text: string, { dir, port }: { readonly dir: string; readonly port?: number }): string {
  return trimmed(
    text
      .replaceAll(dir, 'DATA')
      .replaceAll(port === undefined ? '\0' : `127.0.0.1:${port}`, '127.0.0.1:PORT')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?/g, 'TIME')
      .replaceAll(/\b\d{13}\b/g, 'MILLISECONDS')
      .replaceAll(/plt-[\w-]{40}/g, 'plt-TOKEN')
      .replaceAll(/"uptime_seconds":\d+/g, '"uptime_seconds":SECONDS')
      .replaceAll(/"instance":"[0-9a-f-]{36}"/g, '"instance":"UUID"')
      .replaceAll('\r\n', '\n'),
  );
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');
}

/** Lines of an outcome that would read as a step or a remark. */
function escaped(text: string): string {
  return text.replaceAll(/^(?=[>#\\])/gm, '\\');
}
