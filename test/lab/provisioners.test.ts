import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { type DebianRoot, makeDebianRoot } from '../support/debian-root.ts';
import { makeDataFolder } from '../support/lab-data.ts';
import { startServer } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';

const lab = needs({ commands: ['debootstrap', 'unshare', 'chroot'], root: true });

const TOKEN = 'a-token-of-this-test-alone';
const MAC = '52:54:00:0f:00:01';
// Its own names and mounts: what a provisioner says of itself stays in the folder.
const APART = ['unshare', '--mount', '--uts'];

const IMAGES = {
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz': 'kernel',
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz': 'initramfs',
  'images/custom/lab/vmlinuz': 'kernel',
};

async function serve(files: Readonly<Record<string, string | object>>) {
  const data = await makeDataFolder({ ...files, ...IMAGES });
  const server = await startServer({ dataDir: data.path, env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN } });
  const state = async (): Promise<unknown> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${server.url}/api/v1/machines/${MAC}`, { headers });
    return ((await answer.json()) as { row: { state: unknown } }).row.state;
  };
  const script = await (await fetch(`${server.url}/ipxe?mac=${MAC}&arch=x86_64`)).text();
  // The kernel line without what is the boot loader's.
  const line = /^kernel .*? --name linux \S+ (.*) \|\| goto retry$/m.exec(script)?.[1] ?? '';
  return {
    line,
    state,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await data[Symbol.asyncDispose]();
    },
  };
}

let made: DebianRoot | undefined;
afterAll(() => made?.[Symbol.dispose]());

/** One for both: installing them takes longer than running them. */
function rootWithBoth(): DebianRoot {
  if (made !== undefined) return made;
  made = makeDebianRoot();
  made.sh('apt-get -qq update && apt-get -qq install -y --no-install-recommends cloud-init ignition >/dev/null 2>&1');
  return made;
}

lab.test("Debian's cloud-init takes its seed from our kernel line, does it, and phones home", async () => {
  await using served = await serve({
    'profiles/c.json': {
      system: 'custom',
      kernel: 'custom/lab/vmlinuz',
      nocloud: 'c.hbs',
      phone_home: true,
      nodes: [{ name: 'ci1', mac: MAC }],
    },
    'configs/c.hbs':
      '#cloud-config\nwrite_files:\n  - path: /seen\n    content: "{{node.name}}"\nruncmd:\n  - [touch, /ran]\n',
  });
  expect(served.line).toContain('ds=nocloud;dsmode=net;s=http');
  const root = rootWithBoth();
  // No module may touch disks or networks: this is the test's host.
  writeFileSync(
    join(root.path, 'etc/cloud/cloud.cfg'),
    [
      'datasource_list: [NoCloud, None]',
      'network: {config: disabled}',
      'cloud_init_modules: [write-files, set_hostname]',
      'cloud_config_modules: [runcmd]',
      'cloud_final_modules: [scripts-user, phone-home]',
      '',
    ].join('\n'),
  );
  const said = root.sh(
    `export DEBUG_PROC_CMDLINE='${served.line}'
     for stage in 'init --local' init 'modules --mode=config' 'modules --mode=final'; do cloud-init $stage >/dev/null 2>&1 || true; done
     cat /run/cloud-init/result.json; hostname`,
    APART,
  );
  expect(said).toContain('DataSourceNoCloudNet');
  expect(said).toMatch(/^ci1$/m);
  expect(readFileSync(join(root.path, 'seen'), 'utf8')).toBe('ci1');
  expect(root.sh('ls /ran')).toContain('/ran');
  // The journal writes behind the answer; the first question may meet a connection that the server has closed meanwhile.
  await expect.poll(served.state, { timeout: 60_000 }).toBe('up');
});

lab.test("Debian's Ignition takes its config from our kernel line, and writes the unit that phones home", async () => {
  const config = {
    ignition: { version: '3.0.0' },
    storage: { files: [{ path: '/etc/hostname', mode: 420, contents: { source: 'data:,{{node.name}}' } }] },
  };
  await using served = await serve({
    'profiles/i.json': {
      system: 'flatcar',
      version: '4593.2.5',
      ignition: 'i.ign',
      phone_home: true,
      nodes: [{ name: 'ig1', mac: MAC }],
    },
    'configs/i.ign.hbs': JSON.stringify(config),
  });
  expect(served.line).toContain('ignition.config.url=http');
  const root = rootWithBoth();
  const target = join(root.path, 'target');
  for (const folder of ['etc/selinux', 'usr', 'run', 'opt', 'root', 'tmp'])
    mkdirSync(join(target, folder), { recursive: true });
  writeFileSync(join(target, 'etc/selinux/config'), 'SELINUX=disabled\n');
  writeFileSync(join(root.path, 'tmp/cmdline'), `${served.line}\n`);
  const said = root.sh(
    `mount --bind /tmp/cmdline /proc/cmdline
     for stage in fetch files; do
       /usr/lib/dracut/modules.d/30ignition/ignition -log-to-stdout -platform metal -stage $stage -root /target \\
         -config-cache /tmp/ignition.json -state-file /tmp/state -neednet /tmp/neednet -fetch-timeout 60s 2>&1 || true
     done`,
    APART,
  );
  expect(said).toContain('GET result: OK');
  expect(readFileSync(join(target, 'etc/hostname'), 'utf8')).toBe('ig1');
  const unit = readFileSync(join(target, 'etc/systemd/system/pilotlight-phone-home.service'), 'utf8');
  expect(unit).toContain('/phone-home/52-54-00-0f-00-01');
});
