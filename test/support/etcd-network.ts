import { execFileSync } from 'node:child_process';
import { CHECKOUT } from './lab-lan.ts';

/** A server and members, each a host of its own on one Ethernet: network namespaces. */
export interface EtcdNetwork extends Disposable {
  readonly server: { readonly netns: string; readonly address: string };
  readonly members: readonly { readonly netns: string; readonly address: string; readonly mac: string }[];
}

const ip = (...words: readonly string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** `short` is 1 to 6 small letters; the addresses are 10.66.0.1 and 10.66.0.10 and on. */
export function setUpNetwork(short: string, count: number): EtcdNetwork {
  const name = short + CHECKOUT;
  const server = { netns: `${name}-srv`, address: '10.66.0.1' };
  const members = Array.from({ length: count }, (_, i) => ({
    netns: `${name}-m${i}`,
    address: `10.66.0.${10 + i}`,
    mac: `52:54:00:66:00:${10 + i}`,
  }));
  const all = [server.netns, ...members.map(({ netns }) => netns)];
  const down = (): void => {
    for (const netns of all) {
      try {
        ip('netns', 'del', netns);
      } catch {
        // It was not there.
      }
    }
  };
  // What a killed run left behind has the same name.
  down();
  for (const netns of all) {
    ip('netns', 'add', netns);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
  }
  ip('-n', server.netns, 'link', 'add', 'lan', 'type', 'bridge');
  ip('-n', server.netns, 'addr', 'add', `${server.address}/24`, 'dev', 'lan');
  ip('-n', server.netns, 'link', 'set', 'lan', 'up');
  for (const [i, { netns, address, mac }] of members.entries()) {
    const port = `port${i}`;
    ip('-n', netns, 'link', 'add', 'eth0', 'address', mac, 'type', 'veth', 'peer', 'name', port, 'netns', server.netns);
    ip('-n', server.netns, 'link', 'set', port, 'master', 'lan', 'up');
    ip('-n', netns, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', netns, 'link', 'set', 'eth0', 'up');
  }
  return { server, members, [Symbol.dispose]: down };
}

/** What `url` answers inside the namespace. */
export function fetchInside(netns: string, url: string): string {
  const script =
    'fetch(process.argv[1]).then(async (a) => { process.stdout.write(await a.text()); process.exitCode = a.ok ? 0 : 1; })';
  return execFileSync('ip', ['netns', 'exec', netns, process.execPath, '-e', script, url], { encoding: 'utf8' });
}
