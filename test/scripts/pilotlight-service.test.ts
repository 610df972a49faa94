import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';

const unit = join(import.meta.dirname, '..', '..', 'scripts', 'pilotlight.service');
const run = promisify(execFile);
const systemd = needs({ commands: ['systemd-analyze'] });

/** A copy that runs this machine's node: the unit names Debian's, and verify looks whether it is there. */
function copy(change: (text: string) => string = (text) => text): string {
  const file = join(mkdtempSync(join(tmpdir(), 'unit-')), 'pilotlight.service');
  writeFileSync(file, change(readFileSync(unit, 'utf8').replace('/usr/bin/node', process.execPath)));
  return file;
}

systemd.describe('the systemd unit', () => {
  systemd.test('has no mistakes that systemd knows', async () => {
    expect((await run('systemd-analyze', ['verify', '--man=no', copy()])).stderr).toBe('');
    const wrong = copy((text) => text.replace('ProtectHome=yes', 'ProtectHoem=yes'));
    expect((await run('systemd-analyze', ['verify', '--man=no', wrong])).stderr).toMatch(/ProtectHoem/);
  });

  systemd.test('is hardened: an exposure below 2 of 10', async () => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--threshold=20', copy()]);
    expect(stdout).toMatch(/Overall exposure level .*: 1\.\d OK/);
  });
});
