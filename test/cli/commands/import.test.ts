import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImportReport } from '../../../src/imports/matchbox.ts';
import { problemLine } from '../../../src/model/failure.ts';
import { type FolderFiles, makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const MAC = '52:54:00:a1:9c:ae';
const FLATCAR = {
  kernel: '/assets/flatcar/3815.2.0/flatcar_production_pxe.vmlinuz',
  initrd: ['/assets/flatcar/3815.2.0/flatcar_production_pxe_image.cpio.gz'],
};
const URL = 'http://matchbox.lan:8080/ignition?uuid=${uuid}&mac=${mac:hexhyp}';
const LIVE_ARGS = [
  'initrd=flatcar_production_pxe_image.cpio.gz',
  `flatcar.config.url=${URL}`,
  'flatcar.first_boot=yes',
];

/** One of each: two stages, an installer by kernel arguments, from memory, any other system. */
const MATCHBOX: FolderFiles = {
  'groups/default.json': { profile: 'install', metadata: { os_channel: 'stable' } },
  'groups/node1.json': {
    ...{ id: 'node1', name: 'Controller', profile: 'controller', selector: { mac: MAC, os: 'installed' } },
    metadata: { domain_name: 'node1.example.com', keys: ['ssh-ed25519 AAAA a', 'ssh-ed25519 BBBB b'] },
  },
  'groups/fcos.json': { profile: 'fcos', selector: { mac: '52:54:00:a1:9c:af' } },
  'groups/live.json': { profile: 'live', selector: { serial: 'CZC1' }, metadata: { greeting: 'hi' } },
  'groups/kick.json': {
    profile: 'centos',
    selector: { uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    metadata: { lang: 'en' },
  },
  'profiles/install.json': {
    id: 'install',
    boot: { ...FLATCAR, args: [...LIVE_ARGS, 'console=ttyS0'] },
    ignition_id: 'install.yaml',
  },
  'profiles/controller.json': { id: 'controller', ignition_id: 'controller.tmpl' },
  'profiles/fcos.json': {
    boot: {
      kernel: '/assets/fcos/fedora-coreos-41.20241215.3.0-live-kernel-x86_64',
      initrd: [
        '--name main /assets/fcos/fedora-coreos-41.20241215.3.0-live-initramfs.x86_64.img',
        '/assets/fcos/fedora-coreos-41.20241215.3.0-live-rootfs.x86_64.img',
      ],
      args: [
        'initrd=main',
        'coreos.inst.install_dev=vda',
        `coreos.inst.ignition_url=${URL}`,
        'coreos.inst.image_url=http://m/a',
      ],
    },
    ignition_id: 'fcos.ign',
  },
  'profiles/live.json': {
    boot: { ...FLATCAR, args: ['cloud-config-url=http://m:8080/cloud?mac=${mac:hexhyp}', 'quiet'] },
    cloud_id: 'c.yaml.tmpl',
  },
  'profiles/centos.json': {
    boot: {
      kernel: 'http://m:8080/assets/centos/9/vmlinuz',
      initrd: ['/assets/centos/9/initrd.img'],
      args: ['initrd=initrd.img', 'inst.ks=http://m:8080/generic?mac=${mac:hexhyp}'],
    },
    generic_id: 'ks.cfg',
  },
  'ignition/install.yaml':
    'a: |\n  curl "{{.endpoint}}?{{.request.raw_query}}&os=installed"\n  flatcar-install \\\n    -d /dev/sdb \\\n    -i x\n',
  'ignition/controller.tmpl':
    '{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"/etc/hostname","contents":{"source":"data:,{{.domain_name}}"}}]},' +
    '"passwd":{"users":[{"name":"core","sshAuthorizedKeys":[{{range $i, $k := .keys}}{{if $i}},{{end}}"{{$k}}"{{end}}]}]}}',
  'ignition/fcos.ign': '{"ignition":{"version":"3.4.0"}}',
  'cloud/c.yaml.tmpl': '#cloud-config\nhostname: {{.greeting}}\n',
  'generic/ks.cfg': 'lang {{.lang}}\n%packages\n%end\n',
};

async function imported(
  files: FolderFiles,
  ...more: string[]
): Promise<ImportReport & { readonly code: number; readonly lines: readonly string[] }> {
  const to = join(makeFolder(), 'new');
  const { code, stdout, stderr } = await runCli([
    'import',
    'matchbox',
    makeFolder(files),
    '--to',
    to,
    '--json',
    ...more,
  ]);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as ImportReport;
  return { ...report, code, lines: report.problems.map(problemLine) };
}

const profile = (dir: string, name: string): unknown =>
  JSON.parse(readFileSync(join(dir, `profiles/${name}.json`), 'utf8'));

test('a folder of matchbox becomes one of ours that passes `check`', async () => {
  const { to, code, lines, installs, images } = await imported(MATCHBOX);
  expect(code).toBe(0);
  expect(readdirSync(join(to, 'profiles'))).toEqual(['centos.json', 'controller.json', 'fcos.json', 'live.json']);
  expect(profile(to, 'controller')).toEqual({
    ...{ system: 'flatcar', version: '3815.2.0', update: 'manual', console: ['ttyS0'] },
    ...{ ignition: 'controller', install: { disk: '/dev/sdb' } },
    nodes: [
      {
        name: 'node1',
        mac: MAC,
        vars: { domain_name: 'node1.example.com', keys: ['ssh-ed25519 AAAA a', 'ssh-ed25519 BBBB b'] },
      },
    ],
  });
  expect(profile(to, 'fcos')).toEqual({
    ...{ system: 'fedora-coreos', version: '41.20241215.3.0', update: 'manual', ignition: 'fcos.ign' },
    ...{ install: { disk: '/dev/vda' }, nodes: [{ name: 'fcos', mac: '52:54:00:a1:9c:af' }] },
  });
  expect(profile(to, 'live')).toEqual({
    ...{ system: 'flatcar', version: '3815.2.0', update: 'manual', kernel_args: ['quiet'], cloud_config: 'c.yaml' },
    nodes: [{ name: 'live', serial: 'CZC1', vars: { greeting: 'hi' } }],
  });
  expect(profile(to, 'centos')).toEqual({
    ...{ system: 'custom', kernel: 'centos/9/vmlinuz', initrd: ['centos/9/initrd.img'], kickstart: 'ks.cfg' },
    nodes: [{ name: 'kick', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', vars: { lang: 'en' } }],
  });
  expect(lines).toEqual([
    expect.stringMatching(/^groups\/default.json:1:1: installs by install, which is not converted/),
  ]);
  expect(installs).toEqual(['controller', 'fcos']);
  expect(images).toContainEqual({ from: 'assets/centos/9/vmlinuz', to: 'images/centos/9/vmlinuz' });
  expect(images).toContainEqual({
    from: 'assets/fcos/fedora-coreos-41.20241215.3.0-live-rootfs.x86_64.img',
    to: 'images/fedora-coreos/amd64/41.20241215.3.0/fedora-coreos-41.20241215.3.0-live-rootfs.x86_64.img',
  });

  const check = await runCli(['check', '--json', '--data-dir', to]);
  const { problems } = JSON.parse(check.stdout) as { readonly problems: readonly { readonly message: string }[] };
  expect(check.code).toBe(0);
  expect(problems.filter(({ message }) => !/^images\/.* is not there$/.test(message))).toEqual([]);
  const rendered = await runCli(['render', 'config', '--mac', MAC, '--data-dir', to]);
  expect(rendered.stdout).toContain('"sshAuthorizedKeys":["ssh-ed25519 AAAA a","ssh-ed25519 BBBB b"]');
});

test('--dry-run says the same and writes nothing', async () => {
  const real = await imported(MATCHBOX);
  const dry = await imported(MATCHBOX, '--dry-run');
  expect({ ...dry, from: '', to: '' }).toEqual({ ...real, from: '', to: '', dryRun: true });
  expect(existsSync(dry.to)).toBe(false);
});

test('people read what became of what, what is lost, and what is erased', async () => {
  const files = { ...MATCHBOX, 'groups/eu.json': { profile: 'live', selector: { region: 'eu' } } };
  const { code, stdout } = await runCli(['import', 'matchbox', makeFolder(files), '--to', join(makeFolder(), 'new')]);
  expect(code).toBe(1);
  expect(stdout).toContain(
    'wrote profiles/controller.json, from profiles/controller.json, profiles/install.json, groups/node1.json\n',
  );
  expect(stdout).toContain(
    'not converted:\n  groups/eu.json:4:15 selector.region: nothing here selects machines by `region`',
  );
  expect(stdout).toContain(
    'controller, fcos: each machine of them is erased and installed when it next boots from the network',
  );
  expect(stdout).toContain('  assets/centos/9/vmlinuz -> images/centos/9/vmlinuz\n');
  expect(stdout).toMatch(/\n8 files, and 1 thing not converted\nnext: pilotlight check --data-dir \S+\n$/);
});

test('no file is replaced: nothing is written, and the file is named', async () => {
  const to = makeFolder({ 'configs/ks.cfg.hbs': 'mine' });
  const { code, stderr } = await runCli(['import', 'matchbox', makeFolder(MATCHBOX), '--to', to]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `${join(to, 'configs/ks.cfg.hbs')} exists already: nothing was written (name another folder with --to`,
  );
  expect(readdirSync(join(to, 'profiles'))).toEqual([]);
  expect(readFileSync(join(to, 'configs/ks.cfg.hbs'), 'utf8')).toBe('mine');
});

test.each<readonly [args: readonly string[], code: number, message: RegExp]>([
  [['import', 'cobbler', '/'], 2, /there is nothing to import from "cobbler" \(there is: matchbox\)/],
  [['import', 'matchbox'], 2, /expected matchbox DIR/],
  [['import', 'matchbox', '/nowhere/at/all'], 1, /\/nowhere\/at\/all is no folder that can be read/],
  [
    ['import', 'matchbox', '/proc/self/attr'],
    2,
    /is not a data directory of matchbox: it has no groups\/ \(name the folder of its -data-path/,
  ],
])('%j: called wrongly', async (args, code, message) => {
  const result = await runCli([...args, '--to', makeFolder()]);
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
});

describe('what has no counterpart is named, and the rest is converted', () => {
  const group = { profile: 'p', selector: { mac: MAC } };
  const live = { boot: { ...FLATCAR } };
  test.each<readonly [what: string, files: FolderFiles, line: RegExp]>([
    [
      'a label',
      { 'groups/g.json': { profile: 'p', selector: { mac: MAC, rack: '3' } }, 'profiles/p.json': live },
      /^groups\/g.json:5:13 selector.rack: nothing here selects machines by `rack`/,
    ],
    [
      'a second stage without a first',
      { 'groups/g.json': { profile: 'p', selector: { mac: MAC, os: 'installed' } }, 'profiles/p.json': live },
      /^groups\/g.json:5:11 selector.os: nothing here selects by `os`, and no group installs/,
    ],
    [
      'a group of no profile',
      { 'groups/g.json': { profile: 'q' }, 'profiles/p.json': live },
      /^groups\/g.json:2:14 profile: its profile is "q", and there is no such file/,
    ],
    [
      'two defaults',
      { 'groups/a.json': { profile: 'p' }, 'groups/b.json': { profile: 'p' }, 'profiles/p.json': live },
      /^groups\/b.json:1:1: groups\/a.json is for all other machines already/,
    ],
    [
      'one machine twice',
      { 'groups/a.json': group, 'groups/b.json': group, 'profiles/p.json': live },
      /^groups\/b.json:4:12 selector.mac: groups\/a.json has this machine already/,
    ],
    [
      'a variable of iPXE',
      { 'groups/g.json': group, 'profiles/p.json': { boot: { ...FLATCAR, args: ['ip=${net0/ip}'] } } },
      /^profiles\/p.json:8:7 boot.args\[0\]: `ip` holds a variable of iPXE/,
    ],
    [
      'a document by an argument of its own',
      {
        'groups/g.json': group,
        'generic/t': 'x',
        'profiles/p.json': {
          boot: { kernel: '/assets/k', args: ['talos.config=http://m/generic?mac=1'] },
          generic_id: 't',
        },
      },
      /^profiles\/p.json:5:7 boot.args\[0\]: `talos.config` asks matchbox for a document/,
    ],
    [
      'nothing to boot',
      { 'groups/g.json': group, 'profiles/p.json': { id: 'p' } },
      /^profiles\/p.json:1:1: is not converted: it says nothing to boot/,
    ],
    [
      'a kernel that no path can name',
      { 'groups/g.json': group, 'profiles/p.json': { boot: { kernel: '/assets/a b' } } },
      /^profiles\/p.json:1:1: is not converted: "kernel": /,
    ],
    [
      'a name that no profile can have',
      { 'groups/g.json': { profile: 'é', selector: { mac: MAC } }, 'profiles/é.json': live },
      /^profiles\/é.json:1:1: is not converted: is left out: this cannot be a profile’s name/,
    ],
    [
      'a MAC that is none',
      { 'groups/g.json': { profile: 'p', selector: { mac: '52:54' } }, 'profiles/p.json': live },
      /^profiles\/p.json:1:1: is not converted: "nodes\[0\].mac": /,
    ],
    [
      'broken JSON',
      { 'groups/g.json': '{"profile": "p",}', 'profiles/p.json': live },
      /^groups\/g.json:1:16: is not JSON/,
    ],
    ['a list', { 'groups/g.json': '[]', 'profiles/p.json': live }, /^groups\/g.json:1:1: is not a JSON object/],
    [
      'a document that is not there',
      { 'groups/g.json': group, 'profiles/p.json': { ...live, ignition_id: 'x.ign' } },
      /^ignition\/x.ign: is not there/,
    ],
    [
      'a document outside of the folder',
      { 'groups/g.json': group, 'profiles/p.json': { ...live, ignition_id: '../../etc/passwd.ign' } },
      /^ignition\/..\/..\/etc\/passwd.ign: cannot be read: .* is not a path below the data directory/,
    ],
    [
      'Butane',
      {
        'groups/g.json': group,
        'ignition/x.yaml': 'variant: flatcar\n',
        'profiles/p.json': { ...live, ignition_id: 'x.yaml' },
      },
      /^ignition\/x.yaml: is Butane, which machines do not read \(`butane ignition\/x.yaml > configs\/x.ign`/,
    ],
    [
      'Butane with templates',
      {
        'groups/g.json': group,
        'ignition/x.yaml': 'variant: {{.v}}\n',
        'profiles/p.json': { ...live, ignition_id: 'x.yaml' },
      },
      /^ignition\/x.yaml: is Butane with Go templates in it/,
    ],
    [
      'a template',
      { 'groups/g.json': group, 'cloud/x': 'a\n{{len .b}}\n', 'profiles/p.json': { ...live, cloud_id: 'x' } },
      /^cloud\/x:2: the function "len" has no counterpart/,
    ],
    [
      'a variable with an impossible name',
      { 'groups/g.json': { ...group, metadata: { 'a b': 1 } }, 'profiles/p.json': live },
      /^groups\/g.json:7:12 metadata\["a b"\]: cannot be the name of a variable/,
    ],
  ])('%s', async (_what, files, line) => {
    const { code, lines, to } = await imported({ 'groups/.keep': '', ...files });
    expect(lines.filter((one) => !one.includes('is named by no group'))).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(1);
    expect((await runCli(['check', '--data-dir', to])).code).toBe(0);
  });

  test('a system whose document is lost does not install', async () => {
    const { lines, to } = await imported({ ...MATCHBOX, 'ignition/controller.tmpl': 'variant: {{.v}}\n' });
    expect(lines.join('\n')).toContain(
      'profiles/controller.json:1:1: does not install: its document is not converted (add "install": { "disk": "/dev/sdb" }',
    );
    expect(profile(to, 'controller')).not.toHaveProperty('install');
  });
});

test('documents of the same name in two folders stay two', async () => {
  const boot = { ...FLATCAR };
  const { written } = await imported({
    'groups/g.json': { profile: 'p' },
    'profiles/p.json': { boot, cloud_id: 'x', generic_id: 'x' },
    ...{ 'cloud/x': '#cloud-config\n', 'generic/x': 'y\n' },
  });
  expect(written.map(({ file }) => file)).toEqual(['profiles/p.json', 'configs/x', 'configs/generic-x']);
});

test('a name that would write on the terminal does not', async () => {
  const from = makeFolder({
    'groups/g.json': { profile: 'p' },
    'profiles/p.json': { boot: { ...FLATCAR }, ignition_id: '\u001b[2J.ign' },
  });
  const { stdout } = await runCli(['import', 'matchbox', from, '--to', join(from, 'new')]);
  expect(stdout).toContain('ignition/?[2J.ign: is not there');
  expect(stdout).not.toContain('\u001b');
});
