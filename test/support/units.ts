import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why units cannot be verified here; undefined when they can. */
export const NO_SYSTEMD =
  spawnSync('systemd-analyze', ['--version']).error === undefined
    ? undefined
    : 'left out: there is no systemd-analyze on this host';

/** What systemd has to say of units; empty when they are right. The first is verified, the others only have to be there. */
export function verifyUnits(units: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-units-'));
  try {
    for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text);
    const [first = ''] = Object.keys(units);
    const result = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, first)], {
      encoding: 'utf8',
      // The colon at the end keeps systemd's own folders.
      env: { PATH: '/usr/bin:/bin', SYSTEMD_UNIT_PATH: `${folder}:`, SYSTEMD_LOG_LEVEL: 'warning' },
    });
    const about = result.stderr.split('\n').filter((line) => Object.keys(units).some((name) => line.includes(name)));
    return result.status === 0 ? about.join('\n') : result.stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Why shell scripts cannot be looked at here. */
export const NO_SHELLCHECK =
  spawnSync('shellcheck', ['--version']).error === undefined
    ? undefined
    : 'left out: there is no shellcheck on this host';

/** What shellcheck says of a POSIX script. */
export function shellcheck(script: string): string {
  return spawnSync('shellcheck', ['--shell=sh', '-'], { input: script, encoding: 'utf8' }).stdout;
}
