import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { discover, optionsOf, parsed, question } from '../support/dhcp-packets.ts';
import { needs } from '../support/needs.ts';

const run = promisify(execFile);
const TAG = `pl${process.pid.toString(36)}`;
const [HOST, LEFT, RIGHT] = [`${TAG}h`, `${TAG}l`, `${TAG}r`];
const TSX = new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;
const script = (name: string): string => new URL(`../support/${name}`, import.meta.url).pathname;
/** Sends one packet (hex) from port 68 to port 67 of an address, and prints what comes to port 68, one JSON a line. */
const ASK = `
  const [to, hex] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (bytes, from) => {
    console.log(JSON.stringify({ from: from.address + ':' + from.port, hex: bytes.toString('hex') }));
  });
  socket.bind(68, '0.0.0.0', () => {
    socket.setBroadcast(true);
    socket.send(Buffer.from(hex, 'hex'), 67, to);
    setTimeout(() => socket.close(), 1500);
  });
`;

/**
 * So many machines, each with a number in its MAC address and transaction, all at once; who hears nothing asks again after
 * a second, as firmware does. Ends when each was answered.
 */
const BURST = `
  const [hex, count] = process.argv.slice(1);
  const waiting = new Set(Array.from({ length: Number(count) }, (_, i) => i));
  const numeric = (host, options, callback) => callback(null, host, 4);
  const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: 4194304, lookup: numeric });
  socket.on('message', (bytes) => {
    waiting.delete(bytes.readUInt32BE(4));
    if (waiting.size > 0) return;
    clearInterval(again);
    console.log(JSON.stringify({ answered: Number(count) }));
    socket.close();
  });
  let secs = 0;
  const ask = () => {
    for (const i of waiting) {
      const bytes = Buffer.from(hex, 'hex');
      bytes.writeUInt32BE(i, 4);
      bytes.writeUInt16BE(secs, 8);
      bytes.writeUInt32BE(i, 30);
      socket.send(bytes, 67, '255.255.255.255');
    }
    secs += 1;
  };
  const again = setInterval(ask, 1000);
  socket.bind(68, '0.0.0.0', () => {
    socket.setBroadcast(true);
    ask();
  });
`;

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: 'pipe' });
};

interface Heard {
  readonly from: string;
  readonly siaddr: string;
  readonly yiaddr: string;
  readonly file: string;
  readonly type: number | undefined;
}

/** Sends a packet from inside of a namespace and returns what came to port 68. */
async function ask(namespace: string, to: string, bytes: Buffer): Promise<Heard[]> {
  const args = ['netns', 'exec', namespace, process.execPath, '-e', ASK, to, bytes.toString('hex')];
  const { stdout } = await run('ip', args);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { from, hex } = JSON.parse(line) as { from: string; hex: string };
      const packet = parsed(Buffer.from(hex, 'hex'));
      const { siaddr, yiaddr, file } = packet;
      return { from, siaddr, yiaddr, file, type: packet.options.get(53)?.[0] };
    });
}

async function started(args: string[], ready: RegExp): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', HOST, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const look = (chunk: Buffer): void => {
      said += chunk.toString();
      if (ready.test(said)) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) => {
      reject(new Error(`${String(args[0])} ended with ${String(code)}: ${said}`));
    });
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

// A host with two networks, a machine on each; another DHCP server (dnsmasq) on the left one.
for (const way of ['dgram', 'native']) {
  needs({ root: true, commands: ['ip', 'dnsmasq'] }).describe(`the DHCP server on real interfaces, by ${way}`, () => {
    vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
    const children: ChildProcess[] = [];

    beforeAll(async () => {
      for (const namespace of [HOST, LEFT, RIGHT]) ip('netns', 'add', namespace);
      for (const [side, namespace, net] of [
        ['l', LEFT, '10.61.1'],
        ['r', RIGHT, '10.61.2'],
      ] as const) {
        ip('link', 'add', `h${side}`, 'netns', HOST, 'type', 'veth', 'peer', 'name', 'c0', 'netns', namespace);
        ip('-n', HOST, 'addr', 'add', `${net}.1/24`, 'dev', `h${side}`);
        ip('-n', HOST, 'link', 'set', `h${side}`, 'up');
        ip('-n', namespace, 'addr', 'add', `${net}.2/24`, 'dev', 'c0');
        ip('-n', namespace, 'link', 'set', 'c0', 'up');
        ip('-n', namespace, 'route', 'add', '255.255.255.255', 'dev', 'c0');
      }
      ip('-n', HOST, 'link', 'set', 'lo', 'up');
      const options = ['--no-daemon', '--port=0', '--conf-file=/dev/null', '--leasefile-ro', '--log-facility=-'];
      const range = ['--interface=hl', '--bind-dynamic', '--dhcp-range=10.61.1.50,10.61.1.99', '--dhcp-authoritative'];
      children.push(await started(['dnsmasq', ...options, ...range], /started/));
      children.push(await started([process.execPath, TSX, script('dhcp-serve.ts'), way], /ready/));
    }, 60_000);

    afterAll(async () => {
      await Promise.all(children.splice(0).map(ended));
      for (const namespace of [HOST, LEFT, RIGHT]) ip('netns', 'del', namespace);
    });

    const ours = (heard: readonly Heard[]): Heard[] => heard.filter((one) => one.file !== '');

    it('answers each network from its own address, and only there', async () => {
      const options = optionsOf('OVMF 2022.11, PXEv4');
      const [left, right] = await Promise.all([
        ask(LEFT, '255.255.255.255', discover(options)),
        ask(RIGHT, '255.255.255.255', discover(options, { mac: '52:54:00:55:1c:ef', xid: 2 })),
      ]);
      const offer = { yiaddr: '0.0.0.0', file: 'snponly.efi', type: 2 };
      expect(new Set(ours(left).map((one) => `${one.from} ${one.siaddr}`))).toEqual(
        new Set(['10.61.1.1:67 10.61.1.1']),
      );
      expect(new Set(ours(right).map((one) => `${one.from} ${one.siaddr}`))).toEqual(
        new Set(['10.61.2.1:67 10.61.2.1']),
      );
      expect(ours(left)[0]).toMatchObject(offer);
    });

    if (way === 'native')
      it('is not heard in a network from which nothing was asked', async () => {
        const question = { mac: '52:54:00:55:1c:77', xid: 77 };
        // The other one says something of its own, so that it listens.
        const [left, right] = await Promise.all([
          ask(LEFT, '255.255.255.255', discover(optionsOf('OVMF 2022.11, PXEv4'), question)),
          ask(RIGHT, '255.255.255.255', discover([[55, Buffer.from([1, 3, 6])]], { xid: 78 })),
        ]);
        expect(ours(left).map(({ from }) => from)).toEqual(['10.61.1.1:67']);
        expect(right).toEqual([]);
      });

    it('acknowledges a REQUEST that names its second address, in that network alone', async () => {
      const naming = question(3, [...optionsOf('OVMF 2022.11, PXEv4'), [54, Buffer.from([10, 61, 2, 1])]]);
      const heard = ours(await ask(RIGHT, '255.255.255.255', naming));
      expect(heard).toMatchObject([{ from: '10.61.2.1:67', siaddr: '10.61.2.1', type: 5 }]);
    });

    it('answers a thousand machines that are switched on at once', async () => {
      const args = ['netns', 'exec', RIGHT, process.execPath, '-e', BURST];
      const seed = discover(optionsOf('OVMF 2022.11, PXEv4')).toString('hex');
      const { stdout } = await run('ip', [...args, seed, '1000']);
      // The server may send more than is heard here: this end's buffer is full of answers, too. It asks again for those.
      expect(JSON.parse(stdout)).toEqual({ answered: 1000 });
    });

    it('says nothing to a machine that does not netboot', async () => {
      expect(await ask(RIGHT, '255.255.255.255', discover([[55, Buffer.from([1, 3, 6])]]))).toEqual([]);
    });

    it('leaves addresses and unicast renewals to the DHCP server beside it', async () => {
      const heard = await ask(LEFT, '255.255.255.255', discover(optionsOf('OVMF 2022.11, PXEv4')));
      const theirs = heard.find((one) => one.yiaddr !== '0.0.0.0');
      expect(theirs).toMatchObject({ from: '10.61.1.1:67', type: 2 });
      const renewal = question(3, [[61, Buffer.from('01525400551cee', 'hex')]], { ciaddr: '10.61.1.60', flags: 0 });
      ip('-n', LEFT, 'addr', 'add', '10.61.1.60/24', 'dev', 'c0');
      const renewed = await ask(LEFT, '10.61.1.1', renewal);
      expect(renewed.map((one) => one.type)).toEqual([5]);
    });
  });
}
