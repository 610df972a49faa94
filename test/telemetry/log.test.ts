import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLog } from '../../src/telemetry/log.ts';

function file() {
  const path = join(mkdtempSync(join(tmpdir(), 'log-')), 'log');
  return { fd: openSync(path, 'w'), read: () => readFileSync(path, 'utf8') };
}

it('writes one JSON line for each event, whatever a machine put into a field', () => {
  const { fd, read } = file();
  const { log, flush } = openLog({ level: 'info', format: 'json', fd });
  log.debug({}, 'not shown');
  log.info({ name: 'a\r\n{"level":60}\u001b[2J' }, 'a machine asked');
  flush();
  const lines = read().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    msg: 'a machine asked',
    name: 'a\r\n{"level":60}\u001b[2J',
  });
});

it('a warning is on disk at once', () => {
  const { fd, read } = file();
  const { log, flush } = openLog({ level: 'info', format: 'json', fd });
  flush();
  log.warn({}, 'now');
  expect(read()).toContain('"msg":"now"');
});

it('pretty lines are for eyes: what happened and why, then the details', () => {
  const { fd, read } = file();
  const { log } = openLog({ level: 'info', format: 'pretty', fd });
  log.info({ http: { port: 4777 }, boots: ['BIOS'] }, 'listening');
  log.error({ place: 'a.json:2:1', problem: 'is not JSON', remedy: 'close it with }', mac: undefined }, 'a problem');
  log.warn({ product: 'Standard PC\r\n\u001b[2J' }, 'seen');
  log.error({ err: new Error('boom') }, 'a check failed');
  const [first, second, third, fourth, fifth, ...rest] = read().split('\n');
  expect(first).toMatch(/^\d\d:\d\d:\d\d INFO {2}listening http=\{"port":4777\} boots=\["BIOS"\]$/);
  expect(second?.slice(9)).toBe('ERROR a problem: is not JSON (close it with }) place=a.json:2:1');
  expect(third?.slice(9)).toBe(String.raw`WARN  seen product="Standard PC\u000d\u000a\u001b[2J"`);
  expect([fourth?.slice(9), fifth]).toEqual(['ERROR a check failed', '    Error: boom']);
  expect(rest.slice(0, -1).every((line) => line.startsWith('        at '))).toBe(true);
});
