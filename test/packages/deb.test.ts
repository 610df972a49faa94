import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { buildDeb, type DebianRoot, makeDebianRoot } from '../support/debian-root.ts';
import { firstMachine, scriptOf } from '../support/first-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { withoutRegistry } from '../support/registry.ts';

const { lab, payload } = await labEquipment({
  commands: ['debootstrap', 'dpkg-deb', 'git', 'ip', 'dnsmasq', 'npm', 'systemd-analyze'],
  files: ['/dev/net/tun'],
  root: true,
  missing: withoutRegistry(),
});
const run = promisify(execFile);
const DATA = '/var/lib/pilotlight';
/** As the unit starts it: as its own user, with the one capability. */
const AS_THE_UNIT = [
  ...['setpriv', '--reuid=pilotlight', '--regid=pilotlight', '--init-groups', '--no-new-privs'],
  ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+net_bind_service`),
];

let folder = '';
let deb = '';
let debian: DebianRoot | undefined;
beforeAll(() => {
  if (lab.missing.length > 0) return;
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-deb-test-'));
  deb = buildDeb(folder);
  debian = makeDebianRoot();
  copyFileSync(deb, join(debian.path, 'root', basename(deb)));
}, 900_000);
afterAll(() => {
  debian?.[Symbol.dispose]();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});
const inside = (): DebianRoot => debian ?? expect.fail('no Debian');

lab.test('the unit of the package has no mistakes that systemd knows, and is hardened', async () => {
  const files = join(folder, 'files');
  await run('dpkg-deb', ['-x', deb, files]);
  const text = readFileSync(join(files, 'lib/systemd/system/pilotlight.service'), 'utf8');
  expect(text).toContain('\nEnvironmentFile=-/etc/default/pilotlight\n');
  const copy = join(folder, 'pilotlight.service');
  // verify looks whether the program is there.
  writeFileSync(copy, text.replaceAll('/usr/lib/pilotlight/', join(files, 'usr/lib/pilotlight/')));
  expect((await run('systemd-analyze', ['verify', '--man=no', copy])).stderr).toBe('');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--threshold=20', copy]);
  expect(stdout).toMatch(/Overall exposure level .*: 1\.\d OK/);
});

lab.test(
  'docs/getting-started.md, from a bare Debian to a machine that is up, beside an unchanged router',
  async () => {
    const root = inside();
    const [before, after] = scriptOf('docs/getting-started.md', 'On Debian');
    const began = performance.now();
    // No sudo for root, no systemd in a chroot, and the mirror's list of packages is as old as the suite.
    const here = 'sudo() { "$@"; }; systemctl() { :; }; cd /root; ';
    root.sh(`apt-get -qq update; ${here}${before.replace(/\.\/pilotlight_\S+\.deb/, `./${basename(deb)}`)}`);
    expect(readFileSync(join(root.path, 'etc/default/pilotlight'), 'utf8')).toMatch(/^PILOTLIGHT_DHCP=proxy$/m);
    const installed = performance.now();
    await firstMachine({
      ...{ name: 'tendeb', payload, data: join(root.path, DATA) },
      program: [...root.enter, ...AS_THE_UNIT, '/usr/bin/pilotlight', 'serve'],
      env: { PILOTLIGHT_DATA_DIR: DATA },
      sh: (lines, from) => root.sh(`${here}${lines}`, from),
      after,
    });
    const seconds = (from: number, to: number): string => `${Math.round((to - from) / 1000)} s`;
    console.log(
      `apt install to settings: ${seconds(began, installed)}; to a machine that is up: ${seconds(installed, performance.now())}`,
    );
  },
);

lab.test('is installed over itself, removed and purged, and the data of the operator stays', () => {
  const root = inside();
  const data = join(root.path, DATA);
  const marker = 'PILOTLIGHT_LOG_LEVEL=debug\n';
  writeFileSync(join(root.path, 'etc/default/pilotlight'), marker);
  const state = readdirSync(join(data, 'state')).toSorted();
  root.sh(`dpkg -i /root/${basename(deb)}`);
  expect(readFileSync(join(root.path, 'etc/default/pilotlight'), 'utf8')).toBe(marker);
  expect(readdirSync(join(data, 'state')).toSorted()).toEqual(state);
  expect(root.sh('pilotlight --version')).toBe(root.sh("dpkg-query -f '${Version}\n' -W pilotlight"));

  // The settings file is read, never run; the environment wins.
  writeFileSync(
    join(root.path, 'etc/default/pilotlight'),
    'PILOTLIGHT_SYNC=1 2 * * *\nPILOTLIGHT_JOURNAL="oof"\n$(touch /root/run)\n',
  );
  const wrong = root.sh('pilotlight check 2>&1 || true');
  expect(wrong).toContain('PILOTLIGHT_JOURNAL');
  expect(wrong).not.toContain('PILOTLIGHT_SYNC');
  expect(root.sh('PILOTLIGHT_JOURNAL=off pilotlight check')).toContain('no problems');
  expect(existsSync(join(root.path, 'root/run'))).toBe(false);

  root.sh('dpkg --remove pilotlight');
  expect(existsSync(join(root.path, 'usr/lib/pilotlight'))).toBe(false);
  expect(existsSync(join(root.path, 'usr/bin/pilotlight'))).toBe(false);
  expect(existsSync(join(root.path, 'etc/default/pilotlight'))).toBe(true);
  const said = root.sh('dpkg --purge pilotlight');
  expect(said).toContain(`${DATA} is left`);
  expect(existsSync(join(root.path, 'etc/default/pilotlight'))).toBe(false);
  expect(existsSync(join(data, 'profiles/flatcar.json'))).toBe(true);
  expect(readdirSync(join(data, 'state')).toSorted()).toEqual(state);

  // Nothing of the operator's: nothing stays.
  rmSync(data, { recursive: true });
  root.sh(`dpkg -i /root/${basename(deb)} && dpkg --purge pilotlight`);
  expect(existsSync(data)).toBe(false);
});
