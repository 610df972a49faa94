import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const PROGRAM = 'dnsmasq';

/** What `dnsmasq --test` says of a configuration; throws when it refuses it. */
export function dnsmasqTest(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'dnsmasq-'));
  try {
    const file = join(dir, 'a.conf');
    writeFileSync(file, text);
    const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`;
    const { status, stderr } = spawnSync(PROGRAM, ['--test', `--conf-file=${file}`], {
      encoding: 'utf8',
      env: { PATH: path },
    });
    if (status !== 0) throw new Error(stderr);
    return stderr;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
