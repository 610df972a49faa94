import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installScript, type InstallJob } from '../../src/documents/install-configs.ts';
import { expectGolden } from '../support/golden.ts';
import { NO_SHELLCHECK, shellcheck } from '../support/units.ts';

const FLATCAR: InstallJob = {
  system: 'flatcar',
  title: 'Flatcar Container Linux 4593.2.5',
  version: '4593.2.5',
  channel: 'lts-2024',
  disk: '/dev/disk/by-id/nvme-X_1.2:3+4',
  mirror: 'http://10.0.2.2:4777/images/flatcar/amd64',
  documents: { ignition: 'http://10.0.2.2:4777/configs/w.ign?mac=52-54-00-55-1c-ee&serial=a%2Fb' },
  report: 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb',
};
const COREOS: InstallJob = {
  ...FLATCAR,
  system: 'coreos',
  title: 'CoreOS Container Linux 1298.6.0',
  version: '1298.6.0',
  channel: 'stable',
  disk: '/dev/sda',
  mirror: 'http://10.0.2.2:4777/images/amd64-usr',
  documents: { cloud_config: 'http://10.0.2.2:4777/configs/b.yml?mac=52-54-00-55-1c-ee' },
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-install-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the script where every command that it needs is one of ours. Gives what was called, in order. */
function run(job: InstallJob, commands: Readonly<Record<string, string>> = {}) {
  const fakes = {
    curl: 'case $* in *installed*) printf 200; exit 0;; esac; echo "a document" > "$5"',
    'flatcar-install': 'cat config.ign >> "$CALLS"',
    'coreos-install': 'cat cloud-config.yml >> "$CALLS"',
    udevadm: 'exit 1',
    sleep: '',
    systemctl: '',
    mktemp: 'mkdir -p "$WORK"; echo "$WORK"',
    uname: 'echo w1',
    ...commands,
  };
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  for (const [name, body] of Object.entries(fakes)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\necho ${name} "$@" >> "$CALLS"\n${body}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, CALLS: calls, WORK: join(folder, 'work') };
  const { status, stdout } = spawnSync('sh', ['-c', installScript(job)], { env, encoding: 'utf8', timeout: 20_000 });
  const lines = readFileSync(calls, 'utf8').trimEnd().split('\n');
  return { status, stdout, calls: lines.filter((line) => !/^(?:mktemp|uname)\b/.test(line)) };
}

describe('the script', () => {
  it('fetches the document, installs from our mirror, reports, reboots', () => {
    const { status, calls, stdout } = run(FLATCAR);
    expect(calls).toEqual([
      `curl -fsS -m 60 -o config.ign ${FLATCAR.documents.ignition ?? ''}`,
      'udevadm settle',
      `flatcar-install -d ${FLATCAR.disk} -V 4593.2.5 -C lts-2024 -b ${FLATCAR.mirror} -i config.ign`,
      'a document',
      `curl -sS -m 30 -o /dev/null -w %{http_code} --data-urlencode hostname=w1 ${FLATCAR.report}`,
      'systemctl --no-block reboot',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain(`${FLATCAR.title} is on ${FLATCAR.disk}.`);
  });

  it('gives a cloud-config to the disk, or both, or none', () => {
    expect(run(COREOS).calls.join('\n')).toContain(`-b ${COREOS.mirror} -c cloud-config.yml\na document\n`);
    const both = run({ ...FLATCAR, documents: { ...COREOS.documents, ...FLATCAR.documents } });
    expect(both.calls.join('\n')).toContain('-i config.ign -c cloud-config.yml\n');
    expect(run({ ...FLATCAR, documents: {} }, { 'flatcar-install': '' }).calls.join('\n')).toContain(
      `-b ${FLATCAR.mirror}\ncurl`,
    );
  });

  it('neither reports nor reboots when the installer fails', () => {
    const { status, calls } = run(FLATCAR, { 'flatcar-install': 'exit 7' });
    expect(status).toBe(7);
    expect(calls.at(-1)).toMatch(/^flatcar-install/);
  });

  it('gives up when there is no document, and touches no disk', () => {
    const { status, calls } = run(FLATCAR, { curl: 'exit 22' });
    expect(status).not.toBe(0);
    expect(calls.filter((call) => call.startsWith('curl'))).toHaveLength(60);
    expect(calls.some((call) => call.startsWith('flatcar-install'))).toBe(false);
  });

  it('reboots only when it was heard', () => {
    const curl =
      'case $* in *installed*) ;; *) echo x > "$5"; exit 0;; esac; [ "$(grep -c installed "$CALLS")" -lt 4 ] || printf 200';
    const { status, calls, stdout } = run(FLATCAR, { curl });
    expect(status).toBe(0);
    expect(calls.filter((call) => call.includes('installed'))).toHaveLength(4);
    expect(calls.filter((call) => call === 'sleep 5')).toHaveLength(3);
    expect(stdout).toContain('Pilotlight does not hear the report');
    expect(calls.at(-1)).toBe('systemctl --no-block reboot');
  });

  it('is what the goldens show', () => {
    expectGolden('installing/install-flatcar.sh', installScript(FLATCAR));
    expectGolden('installing/install-coreos.sh', installScript(COREOS));
  });

  it.skipIf(NO_SHELLCHECK !== undefined)(`pleases shellcheck ${NO_SHELLCHECK ?? ''}`, () => {
    for (const job of [FLATCAR, COREOS]) expect(shellcheck(installScript(job))).toBe('');
  });
});
