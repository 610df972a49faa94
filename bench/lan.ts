// Run by bench/dhcp.ts inside of a network namespace, as the machines of a LAN: prints its figures as JSON.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type DhcpPacket, parseDhcp } from '../src/dhcp/packet.ts';
import { discover, optionsOf } from '../test/support/dhcp-packets.ts';
import { fetchTftp } from '../test/support/tftp-client.ts';

export interface Answering {
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds from each DISCOVER to its OFFER. */
  readonly p50: number;
  readonly p99: number;
}

export interface PoweredOn {
  readonly machines: number;
  /** With its own script. */
  readonly reached: number;
  /** Answers to a question that was answered already. */
  readonly twice: number;
  readonly asksAgain: number;
  /** Seconds from power-on to the script. */
  readonly p50: number;
  readonly last: number;
}

const SERVER = '10.77.0.1';
const FIRMWARE = optionsOf('OVMF 2022.11, PXEv4', { 93: Buffer.from([0, 0]) });
const IPXE = optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM');

/** Every machine of the LAN behind one socket at port 68; each answer goes to whom it is for. */
class Port68 {
  readonly socket: Socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  twice = 0;
  readonly #waiting = new Map<number, (packet: DhcpPacket) => void>();
  readonly #done = new Set<number>();
  #xid = 1;

  async open(): Promise<this> {
    this.socket.on('message', (bytes) => {
      const parsed = parseDhcp(bytes);
      if (!parsed.ok) return;
      const { xid } = parsed.packet;
      if (this.#done.has(xid)) this.twice += 1;
      this.#done.add(xid);
      this.#waiting.get(xid)?.(parsed.packet);
    });
    await new Promise<void>((resolve) => {
      this.socket.bind(68, '0.0.0.0', resolve);
    });
    this.socket.setBroadcast(true);
    this.socket.setRecvBufferSize(4 * 2 ** 20);
    return this;
  }

  /** One DISCOVER; undefined when no answer comes in time. */
  async ask(mac: string, options: typeof IPXE, timeoutMs: number): Promise<DhcpPacket | undefined> {
    const xid = this.#xid;
    this.#xid += 1;
    const answer = new Promise<DhcpPacket | undefined>((resolve) => {
      const late = setTimeout(resolve, timeoutMs, undefined);
      this.#waiting.set(xid, (packet) => {
        clearTimeout(late);
        resolve(packet);
      });
    });
    this.socket.send(discover(options, { xid, mac }), 67, '255.255.255.255');
    const packet = await answer;
    this.#waiting.delete(xid);
    return packet;
  }
}

function macOf(i: number): string {
  return `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
}

/** 10.77.1.1 and on, 250 in each 256: as bench/dhcp.ts gave them to the interface. */
function addressOf(i: number): string {
  return `10.77.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`;
}

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.floor((sorted.length - 1) * q)] ?? NaN;

async function answering(perSecond: number, seconds: number, macs: number): Promise<Answering> {
  const lan = await new Port68().open();
  const times: number[] = [];
  const asks: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    for (const due = ((performance.now() - began) / 1000) * perSecond; sent < due; sent += 1) {
      const at = performance.now();
      const ask = lan.ask(macOf(sent % macs), FIRMWARE, 3000).then((packet) => {
        if (packet !== undefined) times.push(performance.now() - at);
      });
      asks.push(ask);
    }
    await wait(1);
  }
  await Promise.all(asks);
  lan.socket.close();
  times.sort((a, b) => a - b);
  return { asked: asks.length, answered: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function get(url: string, localAddress: string): Promise<string> {
  const sent = request(url, { localAddress, agent: false, headers: { 'user-agent': 'iPXE/1.21.1' } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function poweredOn(machines: number, withinMs: number): Promise<PoweredOn> {
  const lan = await new Port68().open();
  const times: number[] = [];
  let asksAgain = 0;

  /** As firmware does: again after 1, 2, 4 ... seconds. */
  const insist = async (mac: string, options: typeof IPXE): Promise<DhcpPacket> => {
    for (let timeout = 1000; ; timeout *= 2) {
      const packet = await lan.ask(mac, options, timeout);
      if (packet !== undefined) return packet;
      asksAgain += 1;
      if (timeout > 16_000) throw new Error(`${mac}: no answer`);
    }
  };

  const machine = async (i: number): Promise<void> => {
    const mac = macOf(i);
    const from = addressOf(i);
    await wait((withinMs / machines) * i);
    const began = performance.now();
    const told = await insist(mac, FIRMWARE);
    const program = await fetchTftp(69, told.file, {
      address: told.siaddr,
      from,
      options: 'tsize=0 blksize=1468',
      askAgainMs: 1000,
    });
    const { file } = await insist(mac, IPXE);
    const start = await get(file, from);
    const chain = /\/ipxe\?/.test(start) && program.bytes.length > 0 && file.startsWith(`http://${SERVER}`);
    const script = await get(`${new URL('/ipxe', file).href}?mac=${mac}&platform=pcbios`, from);
    if (chain && script.startsWith('#!ipxe') && script.includes(`mac=${mac.replaceAll(':', '-')}`)) {
      times.push((performance.now() - began) / 1000);
    }
  };
  await Promise.all(Array.from({ length: machines }, async (_, i) => machine(i)));
  lan.socket.close();
  times.sort((a, b) => a - b);
  const { twice } = lan;
  return { machines, reached: times.length, twice, asksAgain, p50: quantile(times, 0.5), last: quantile(times, 1) };
}

const [mode, ...numbers] = process.argv.slice(2);
const [a = 0, b = 0, c = 0] = numbers.map(Number);
if (mode === 'answering') console.log(JSON.stringify(await answering(a, b, c)));
if (mode === 'power-on') console.log(JSON.stringify(await poweredOn(a, b)));
