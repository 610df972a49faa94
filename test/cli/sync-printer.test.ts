import { expect, it } from 'vitest';
import { jsonPrinter, textPrinter } from '../../src/cli/sync-text.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';

const T = 'flatcar/stable/amd64';
const download = (received: number): SyncEvent => ({ kind: 'download', target: T, file: 'a', received, size: 10 });

it('JSON: one object a line, a file’s progress once a second and at its end', () => {
  let now = 0;
  const lines: string[] = [];
  const printer = jsonPrinter({ write: (text) => lines.push(text) }, () => now);
  printer.on(download(1));
  printer.on(download(2));
  now = 1000;
  printer.on(download(3));
  printer.on(download(10));
  printer.on({ kind: 'published', target: T, shelf: 's' });
  printer.stop();
  expect(lines.map((line) => JSON.parse(line) as SyncEvent)).toEqual([
    download(1),
    download(3),
    download(10),
    { kind: 'published', target: T, shelf: 's' },
  ]);
});

it('a terminal gets bars, everything else only the lines that stay', () => {
  const events: readonly SyncEvent[] = [download(1), { kind: 'published', target: T, shelf: 's' }];
  const written: string[] = [];
  const pipe = textPrinter({ write: (text) => written.push(text) }, () => 0);
  for (const event of events) pipe.on(event);
  pipe.stop();
  expect(written.splice(0).join('')).toBe(`${T}: published images/s\n`);
  const terminal = textPrinter({ write: (text) => written.push(text), isTTY: true }, () => 0);
  for (const event of events) terminal.on(event);
  terminal.stop();
  expect(written.join('')).toContain('\u001b[1A');
});
