import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { setUpLan, type Lan } from '../support/lab-lan.ts';
import { startServer } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';

const TOP = join(import.meta.dirname, '..', '..');
const MAIN = [process.execPath, join(TOP, 'node_modules', 'tsx', 'dist', 'cli.mjs'), join(TOP, 'src', 'main.ts')];
const FILES = {
  'profiles/a.json': { system: 'custom', kernel: 'k', default: true },
  'images/k': 'kernel',
  'firmware/undionly.kpxe': 'nbp',
  'firmware/snponly.efi': 'nbp',
  'firmware/ipxe.efi': 'nbp',
};

/** How images leave: by libc here, where koffi was installed. */
const SENT: unknown = expect.stringMatching(/^ok images and files by TFTP are sent by /);

const lab = needs({ commands: ['ip', 'dnsmasq', 'bash'], files: ['/dev/net/tun'], root: true });

/** The doctor on the LAN's second host, which is where a server would run. */
async function examine(lan: Lan, dataDir: string, ...argv: readonly string[]) {
  const words = [...MAIN, 'doctor', '--json', '--discover', '--data-dir', dataDir, ...argv];
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', lan.server, ...words], { cwd: '/' }).catch(
    (error: unknown) => error as { stdout: string },
  );
  const { findings } = JSON.parse(stdout) as { findings: readonly Record<'about' | 'level' | 'what', string>[] };
  const about = (topic: string): string[] =>
    findings.filter((finding) => finding.about === topic).map(({ level, what }) => `${level} ${what}`);
  return { about };
}

lab.describe('the doctor on a LAN with a real DHCP server', () => {
  lab.test(
    'a router that says nothing of booting: a problem for either firmware, and no address is leased',
    async () => {
      using lan = setUpLan('docplain', 0);
      lan.run('dhcp', 'plain');
      const { about } = await examine(lan, makeFolder(FILES));
      const dhcp = about('dhcp');
      expect(dhcp.slice(0, 2).toSorted()).toEqual([
        expect.stringMatching(
          /^ok eth0: 192\.168\.122\.1 offers a BIOS machine 192\.168\.122\.1\d\d, next-server 192\.168\.122\.1/,
        ),
        expect.stringMatching(/^ok eth0: 192\.168\.122\.1 offers a UEFI x86_64 machine 192\.168\.122\.1\d\d/),
      ]);
      expect(dhcp.slice(2)).toEqual([
        'problem eth0: no DHCP server tells a BIOS machine where to boot from',
        'problem eth0: no DHCP server tells a UEFI x86_64 machine where to boot from',
      ]);
      expect(about('server')).toEqual([
        'warning no server answers at http://192.168.122.10:4777, http://[fd00:122::10]:4777',
        SENT,
      ]);
    },
  );

  lab.test('the router names another boot server: a warning that names both', async () => {
    using lan = setUpLan('docother', 0);
    lan.run('dhcp', 'boot', '192.168.122.99', 'http://192.168.122.99/x');
    const dhcp = (await examine(lan, makeFolder(FILES))).about('dhcp').filter((line) => !line.startsWith('ok'));
    expect(dhcp.toSorted()).toEqual([
      'warning eth0: 192.168.122.1 sends a BIOS machine to 192.168.122.99 for undionly.kpxe, not to this host',
      'warning eth0: 192.168.122.1 sends a UEFI x86_64 machine to 192.168.122.99 for snponly.efi, not to this host',
    ]);
  });

  lab.test('the running server beside an unchanged router: all well, ports held by the server', async () => {
    using lan = setUpLan('docproxy', 0);
    lan.run('dhcp', 'plain');
    const dataDir = makeFolder(FILES);
    const env = { PILOTLIGHT_DHCP: 'proxy', PILOTLIGHT_HTTP_LISTEN: '[::]:4777' };
    const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
    await using server = await startServer({ dataDir, netns, env });
    const { about } = await examine(lan, dataDir, '--dhcp', 'proxy');
    expect(about('server'), server.log()).toEqual([
      expect.stringMatching(/^ok http:\/\/192\.168\.122\.10:4777 answers: Pilotlight \d/),
      expect.stringMatching(/^ok http:\/\/\[fd00:122::10\]:4777 answers: Pilotlight \d/),
      SENT,
    ]);
    expect(about('ports').slice(0, 2)).toEqual([
      'ok TCP 4777 for HTTP is held by the running server',
      'ok UDP 69 for TFTP is held by the running server',
    ]);
    const dhcp = about('dhcp');
    expect(dhcp.filter((line) => !line.startsWith('ok'))).toEqual([]);
    expect(dhcp).toContain(
      'ok eth0: 192.168.122.10 offers a UEFI x86_64 machine no address, next-server 192.168.122.10, file snponly.efi, option 67 snponly.efi, option 43 060108ff, option 60 PXEClient',
    );
  });

  lab.test('the exported dnsmasq file serves: the node’s own address, and its boot program', async () => {
    using lan = setUpLan('docexp', 0);
    const at = ['netns', 'exec', lan.server, 'cat', '/sys/class/net/eth0/address'];
    const mac = execFileSync('ip', at, { encoding: 'utf8' }).trim();
    const node = { name: 'exported', mac, ip: '192.168.122.77' };
    const dataDir = makeFolder({ ...FILES, 'profiles/a.json': { system: 'custom', kernel: 'k', nodes: [node] } });
    const words = [...MAIN.slice(1), 'export', 'dnsmasq', '--data-dir', dataDir, '--server', '192.168.122.10'];
    const conf = join(mkdtempSync(join(tmpdir(), 'pilotlight-export-')), 'pilotlight.conf');
    writeFileSync(conf, execFileSync(process.execPath, words));
    lan.run('dhcp', 'plain', '--', `--conf-file=${conf}`);
    const dhcp = (await examine(lan, dataDir)).about('dhcp').toSorted();
    rmSync(join(conf, '..'), { recursive: true });
    expect(dhcp).toEqual([
      expect.stringContaining('a BIOS machine 192.168.122.77, next-server 192.168.122.10, option 67 undionly.kpxe'),
      expect.stringContaining(
        'a UEFI x86_64 machine 192.168.122.77, next-server 192.168.122.10, option 67 snponly.efi',
      ),
    ]);
  });
});
