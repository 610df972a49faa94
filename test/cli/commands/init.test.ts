import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SYSTEM_IDS } from '../../../src/model/profile.ts';
import { makeFolder } from '../../support/folder.ts';
import { needs } from '../../support/needs.ts';
import { runCli } from '../../support/run-cli.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTPBJmIVpqFZ3Jq8cRJ6FyGqZpSJHFl7RlTv6ulAAAA me@here\n';
const MAC = '52:54:00:55:1c:ee';

interface Check {
  readonly ok: boolean;
  readonly rendered: number;
  readonly problems: readonly { readonly severity: string; readonly message: string }[];
}

async function check(dir: string): Promise<Check> {
  const { stdout } = await runCli(['check', '--json', '--data-dir', dir]);
  return JSON.parse(stdout) as Check;
}

describe.each(SYSTEM_IDS)('init --system %s', (system) => {
  test('is clean for `check`, but for the images, also with a machine in it', async () => {
    const home = makeFolder({ '.ssh/id_ed25519.pub': KEY });
    const dir = join(home, 'new', 'data');
    const { code, stderr, stdout } = await runCli(['init', dir, '--system', system], home, { HOME: home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`wrote  profiles/${system}.json\n`);
    expect(stdout).toContain(`pilotlight serve --data-dir ${dir}\n`);
    expect(readFileSync(join(dir, 'sshkeys/id_ed25519.pub'), 'utf8')).toBe(KEY);
    const empty = await check(dir);
    expect(empty.problems.filter(({ message }) => !/^images\/.* is not there$/.test(message))).toEqual([]);
    expect(empty).toMatchObject({ ok: true });

    // The way of the printed advice.
    const adopt = await runCli(['adopt', MAC, '--profile', system, '--name', 'n1', '--data-dir', dir]);
    expect({ code: adopt.code, stderr: adopt.stderr }).toEqual({ code: 0, stderr: '' });
    const one = await check(dir);
    expect(one.problems.filter(({ message }) => !/^images\/.* is not there$/.test(message))).toEqual([]);
    const documents = readdirSync(join(dir, 'configs'));
    expect(one.rendered).toBe(documents.length);
    if (documents.length === 0) return;
    const { stdout: document } = await runCli(['render', 'config', '--mac', MAC, '--data-dir', dir]);
    expect(document).toContain(KEY.trim());
    // Ignition holds the name as base64.
    expect(document).toMatch(/n1|bjE=/);
  });
});

test('replaces nothing, and a second system stands beside the first', async () => {
  const dir = makeFolder({});
  await runCli(['init', '--system', 'debian', '--disk', '/dev/vda'], dir);
  const file = join(dir, 'profiles/debian.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ install: { disk: '/dev/vda' } });
  for (const name of ['profiles/debian.json', 'configs/debian.cfg.hbs', 'profile.schema.json']) {
    writeFileSync(join(dir, name), 'mine');
  }
  const again = await runCli(['init', '--json', '--system', 'debian'], dir);
  expect(JSON.parse(again.stdout)).toMatchObject({
    written: [],
    kept: ['profile.schema.json', 'configs/debian.cfg.hbs', 'profiles/debian.json'],
  });
  for (const name of ['profiles/debian.json', 'configs/debian.cfg.hbs', 'profile.schema.json']) {
    expect(readFileSync(join(dir, name), 'utf8')).toBe('mine');
  }
  await runCli(['init'], dir);
  expect(readdirSync(join(dir, 'profiles'))).toEqual(['debian.json', 'flatcar.json']);
});

needs({ root: true }).test('what root makes belongs to whom the folder belongs', async () => {
  const dir = join(makeFolder({}), 'data');
  mkdirSync(dir);
  chownSync(dir, 1234, 1235);
  await runCli(['init', dir], dir);
  for (const path of ['profiles', 'profiles/flatcar.json', 'configs/flatcar.ign.hbs', 'profile.schema.json']) {
    expect(statSync(join(dir, path)), path).toMatchObject({ uid: 1234, gid: 1235 });
  }
});

test('the schema lies where "$schema" of the example says', async () => {
  const dir = makeFolder({});
  await runCli(['init'], dir);
  const { $schema } = JSON.parse(readFileSync(join(dir, 'profiles/flatcar.json'), 'utf8')) as { $schema: string };
  expect(JSON.parse(readFileSync(join(dir, 'profiles', $schema), 'utf8'))).toMatchObject({
    title: 'Pilotlight profile',
  });
});

test('copies public keys alone, and says when there is none', async () => {
  const home = makeFolder({
    '.ssh/id_rsa': 'PRIVATE',
    '.ssh/id_rsa-cert.pub': 'ssh-rsa-cert-v01@openssh.com AAAA me',
    '.ssh/notes.pub': 'beer at eight',
  });
  const { stdout } = await runCli(['init'], home, { HOME: home });
  expect(stdout).toContain('no public key in ~/.ssh: put yours into sshkeys/me.pub');
  expect(readdirSync(join(home, 'sshkeys'))).toEqual([]);
});

describe.each(SYSTEM_IDS)('init --system %s --arch', (system) => {
  test.each(['amd64', 'arm64', 'auto'] as const)(
    '%s: the example is for that processor, and clean, or refused',
    async (arch) => {
      const dir = makeFolder({});
      const { code, stderr } = await runCli(['init', '--system', system, '--arch', arch], dir);
      if (arch !== 'amd64' && (system === 'coreos' || (system === 'custom' && arch === 'auto'))) {
        expect([code, stderr]).toEqual([2, expect.stringContaining(`${system} has no example for --arch ${arch}`)]);
        expect(existsSync(join(dir, 'profile.schema.json'))).toBe(false);
        return;
      }
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const profile = JSON.parse(readFileSync(join(dir, `profiles/${system}.json`), 'utf8')) as Record<string, unknown>;
      expect(Object.keys(profile).slice(0, 3)).toEqual(['$schema', 'system', 'arch']);
      expect(profile['arch']).toBe(arch);
      const serial = { amd64: ['ttyS0'], arm64: ['ttyAMA0'], auto: ['ttyAMA0', 'ttyS0'] }[arch];
      if (profile['console'] !== undefined) expect(profile['console']).toEqual(['tty0', ...serial]);
      const { ok, problems } = await check(dir);
      expect(ok).toBe(true);
      expect(problems.filter(({ message }) => !/^images\/.* is not there$/.test(message))).toEqual([]);
    },
  );
});

test.each([
  [['--arch', 'aarch64'], 2, 'there is no processor "aarch64" here'],
  [['--arch', 'aarch64'], 2, 'did you mean arm64?'],
  [['--arch', 'riscv64'], 2, 'one of amd64, arm64, auto'],
  [['--system', 'debain'], 2, 'did you mean debian?'],
  [['--system', 'windows'], 2, 'one of coreos, flatcar,'],
  [['--disk', '/dev/sda'], 2, 'the example for flatcar runs from memory: it takes no --disk'],
  [['file'], 1, 'file is a file, and no folder'],
  [['a', 'b'], 2, 'expected [DIR]'],
])('init %j is refused', async (argv, code, message) => {
  const dir = makeFolder({ file: '' });
  const run = await runCli(['init', ...argv], dir);
  expect(run.code).toBe(code);
  expect(run.stderr).toContain(message);
  expect(existsSync(join(dir, 'profile.schema.json'))).toBe(false);
});

const debconf = needs({ commands: ['debconf-set-selections'] });
debconf.test('the preseed is one that debconf reads', async () => {
  const dir = makeFolder({ 'sshkeys/me.pub': KEY });
  await runCli(['init', '--system', 'debian'], dir);
  await runCli(['adopt', MAC, '--profile', 'debian', '--name', 'n1', '--data-dir', dir]);
  const { stdout } = await runCli(['render', 'config', '--mac', MAC, '--data-dir', dir]);
  const said = execFileSync('debconf-set-selections', ['--checkonly'], { input: stdout, encoding: 'utf8' });
  expect(said).toBe('');
  expect(stdout).toContain('d-i partman-auto/disk string /dev/sda');
});
