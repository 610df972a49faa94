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

it('pretty lines are for eyes', () => {
  const { fd, read } = file();
  const { log } = openLog({ level: 'info', format: 'pretty', fd });
  log.info({ http: { port: 4777 }, boots: ['BIOS'] }, 'listening');
  expect(read()).toMatch(/^.*INFO.*listening.*4777.*BIOS.*\n$/);
});
