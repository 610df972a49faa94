import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { runCli } from '../support/run-cli.ts';

const ADDRESS = '127.0.47.12';
const FILES = {
  'profiles/infra.json': {
    system: 'flatcar',
    version: '4593.2.5',
    nodes: [
      { name: 'infra1', mac: '525400000001', ip: '10.0.0.11' },
      { name: 'infra0', mac: '525400000000', ip: '10.0.0.10' },
    ],
  },
};

/** dnsmasq as a name server alone: without a dhcp-range it hands out no addresses. */
async function startDnsmasq(lines: string): Promise<Resolver> {
  const port = await freePort();
  const file = join(makeFolder(), 'dnsmasq.conf');
  writeFileSync(file, lines);
  const own = [`--listen-address=${ADDRESS}`, '--bind-interfaces', '--no-resolv', '--no-hosts', '--pid-file='];
  const child = spawn('/usr/sbin/dnsmasq', ['--no-daemon', `--conf-file=${file}`, `--port=${port}`, ...own], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('started, version')) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`dnsmasq ended: ${said}`));
    });
  });
  const resolver = new Resolver({ timeout: 2000, tries: 3 });
  resolver.setServers([`${ADDRESS}:${port}`]);
  return resolver;
}

async function freePort(): Promise<number> {
  const probe = createSocket('udp4').bind(0, ADDRESS);
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** What libvirt would pass to its dnsmasq. */
function libvirtOptions(xml: string): string {
  return [...xml.matchAll(/<dnsmasq:option value='([^']*)'/g)].map((match) => `${match[1] ?? ''}\n`).join('');
}

const member = (name: string, port: number) => ({ name: `${name}.lab.example`, port, priority: 0, weight: 100 });

for (const kind of ['dnsmasq', 'libvirt-network']) {
  needs({ commands: ['dnsmasq'], files: ['/usr/sbin/dnsmasq'] }).test(
    `${kind}: etcd finds its members' peers at 2380 and clients at 2379`,
    async () => {
      const argv = ['export', kind, '--server', '10.0.0.2', '--domain', 'lab.example', '--etcd', 'infra'];
      const { stdout, stderr } = await runCli(argv, makeFolder(FILES));
      expect(stderr).toBe('');
      const dns = await startDnsmasq(kind === 'dnsmasq' ? stdout : libvirtOptions(stdout));
      const order = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
      const peers = await dns.resolveSrv('_etcd-server._tcp.lab.example');
      expect(peers.toSorted(order)).toEqual([member('infra0', 2380), member('infra1', 2380)]);
      const clients = await dns.resolveSrv('_etcd-client._tcp.lab.example');
      expect(clients.toSorted(order)).toEqual([member('infra0', 2379), member('infra1', 2379)]);
      expect(await dns.resolve4('infra1.lab.example')).toEqual(['10.0.0.11']);
      await expect(dns.resolveSrv('_etcd-server-ssl._tcp.lab.example')).rejects.toThrow();
    },
  );
}
