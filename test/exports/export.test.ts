import { describe, expect, it } from 'vitest';
import { exportText, type ExportRequest } from '../../src/exports/export.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { originOf, settingsFor } from '../support/app-context.ts';

const FILES: FolderFiles = {
  'profiles/a.json': {
    system: 'custom',
    kernel: 'k',
    nodes: [{ name: 'n', mac: '525400551cee', ip: '10.0.0.5' }],
  },
};
const LOCAL: readonly LocalAddress[] = [
  { interfaceName: 'lo', address: '127.0.0.1', family: 4, internal: true, netmask: '255.0.0.0' },
  { interfaceName: 'eth0', address: '10.0.0.2', family: 4, internal: false, netmask: '255.255.255.0' },
  { interfaceName: 'eth0', address: 'fe80::1%eth0', family: 6, internal: false, netmask: undefined },
];

async function ask(
  request: ExportRequest,
  settings: Partial<Settings> = {},
  files = FILES,
  local: readonly LocalAddress[] = LOCAL,
): Promise<string> {
  const http = { host: '0.0.0.0', port: 4777 };
  return await exportText(settingsFor(makeFolder(files), { http, ...settings }), request, () => local);
}

const BOOT = /dhcp-boot=tag:ipxe,(\S+)/;
const NEXT = /undionly\.kpxe,,(\S+)/;

describe('an export', () => {
  it('comes from the folder', async () => {
    expect(await ask({ kind: 'hosts', domain: 'Lab.Example' })).toBe('10.0.0.5\tn.lab.example n\n');
    expect(await ask({ kind: 'ansible-inventory' })).toContain('ansible_host: "10.0.0.5"');
    expect(await ask({ kind: 'libvirt-network' })).toContain("<ip address='10.0.0.1' netmask='255.255.255.0'>");
    expect(await ask({ kind: 'dnsmasq', network: '10.0.0.1/25' })).toContain(
      'dhcp-range=10.0.0.64,10.0.0.126,255.255.255.128,12h\n',
    );
  });

  it.each([
    ['this host’s only address', {}, {}, '10.0.0.2', 'http://10.0.0.2:4777/boot.ipxe'],
    ['--server', { server: '10.0.0.3' }, {}, '10.0.0.3', 'http://10.0.0.3:4777/boot.ipxe'],
    ['HTTP’s address', {}, { http: { host: '10.0.0.4', port: 80 } }, '10.0.0.4', 'http://10.0.0.4/boot.ipxe'],
    ['the base URL', {}, { baseUrl: originOf('10.0.0.6:81') }, '10.0.0.6', 'http://10.0.0.6:81/boot.ipxe'],
    ['a base URL that is a name', {}, { baseUrl: originOf('boot.lab') }, '10.0.0.2', 'http://boot.lab/boot.ipxe'],
  ])('takes %s for the server’s', async (_what, request, settings, next, url) => {
    const text = await ask({ kind: 'dnsmasq', ...request }, settings);
    expect([NEXT.exec(text)?.[1], BOOT.exec(text)?.[1]]).toEqual([next, url]);
  });

  it('asks which address it is when there are several, and when there is none', async () => {
    const two = [...LOCAL, { ...LOCAL[1], address: '10.9.0.2' } as LocalAddress];
    await expect(ask({ kind: 'dnsmasq' }, {}, FILES, two)).rejects.toMatchObject({
      code: 'invalid',
      remedy: 'name it with --server: 10.0.0.2, 10.9.0.2',
    });
    await expect(ask({ kind: 'dnsmasq' }, {}, FILES, [])).rejects.toMatchObject({ remedy: 'name it with --server' });
  });

  it.each([
    [{ kind: 'dnsmasq', server: 'boot.lab' }, '--server cannot be "boot.lab"'],
    [{ kind: 'dnsmasq', server: '0.0.0.0' }, '--server cannot be'],
    [{ kind: 'dnsmasq', network: '10.0.0.1' }, '--network cannot be "10.0.0.1"'],
    [{ kind: 'hosts', domain: 'a\nb' }, '--domain cannot be "a\\nb"'],
    [{ kind: 'hosts', domain: '-a' }, '--domain cannot be'],
    [{ kind: 'dnsmasq', etcd: 'a' }, '--etcd is for dnsmasq and libvirt-network and needs --domain'],
    [{ kind: 'hosts', etcd: 'a', domain: 'b' }, '--etcd is for dnsmasq'],
    [{ kind: 'libvirt-network', etcd: 'a' }, '--etcd is for dnsmasq and libvirt-network and needs --domain'],
    [{ kind: 'guestinfo' }, 'guestinfo needs the name of a node'],
    [{ kind: 'config-drive', node: 'n' }, 'config-drive is a file: say which with -o FILE.iso'],
    [{ kind: 'ssh-config', user: '-oProxyCommand=x' }, '--user cannot be "-oProxyCommand=x"'],
    [{ kind: 'ssh-config', knownHosts: 'a"b' }, '--known-hosts cannot be'],
    [{ kind: 'guestinfo', node: 'nn' }, 'no profile has a node called "nn"'],
    [{ kind: 'guestinfo', node: 'n' }, 'profiles/a.json names no document that'],
  ] as const)('refuses %j', async (request, message) => {
    await expect(ask(request)).rejects.toThrow(message);
  });

  it('refuses a folder with a broken profile, whose machines would be missing', async () => {
    const files = { ...FILES, 'profiles/b.json': '{"nodes": [}' };
    await expect(ask({ kind: 'hosts' }, {}, files)).rejects.toMatchObject({
      code: 'broken',
      place: { file: 'profiles/b.json' },
    });
  });

  it('does not mind a warning', async () => {
    const files = { ...FILES, 'configs/unused.yml': '#cloud-config\nunknown_key: 1\n' };
    expect(await ask({ kind: 'hosts' }, {}, files)).toContain('10.0.0.5');
  });
});
