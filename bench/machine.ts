// What machines of a bench's LAN have in common: names, addresses, and one socket at port 68 for all of them.
import { createSocket, type Socket } from 'node:dgram';
import { type DhcpPacket, parseDhcp } from '../src/dhcp/packet.ts';
import { optionsOf, question } from '../test/support/dhcp-packets.ts';
import { fetchTftp } from '../test/support/tftp-client.ts';

export const FIRMWARE = optionsOf('OVMF 2022.11, PXEv4', { 93: Buffer.from([0, 0]) });
export const IPXE = optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM');

/** Types of messages (RFC 2132, 9.6). */
const [DISCOVER, REQUEST, ACK] = [1, 3, 5];

export function macOf(i: number): string {
  return `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
}

export function addressOf(i: number): string {
  return `10.78.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`;
}

export const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? NaN;

/** Every machine of the LAN behind one socket at port 68; each answer goes to whom it is for. */
export class Port68 {
  readonly socket: Socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  /** More answers than questions. */
  twice = 0;
  asksAgain = 0;
  readonly #waiting = new Map<number, (packet: DhcpPacket) => void>();
  /** Answers that may still come, by xid. */
  readonly #owed = new Map<number, number>();
  #xid = 0;

  async open(): Promise<this> {
    this.socket.on('message', (bytes) => {
      const parsed = parseDhcp(bytes);
      if (!parsed.ok) return;
      const { xid } = parsed.packet;
      const owed = this.#owed.get(xid) ?? 0;
      if (owed === 0) this.twice += 1;
      else this.#owed.set(xid, owed - 1);
      this.#waiting.get(xid)?.(parsed.packet);
    });
    await new Promise<void>((resolve) => {
      this.socket.bind(68, '0.0.0.0', resolve);
    });
    this.socket.setBroadcast(true);
    this.socket.setRecvBufferSize(4 * 2 ** 20);
    return this;
  }

  /** One DISCOVER, or another `type`; undefined when no answer comes in time. */
  async ask(
    mac: string,
    options: typeof IPXE,
    timeoutMs: number,
    xid = this.#nextXid(),
    type = DISCOVER,
  ): Promise<DhcpPacket | undefined> {
    const answer = new Promise<DhcpPacket | undefined>((resolve) => {
      const late = setTimeout(resolve, timeoutMs, undefined);
      this.#waiting.set(xid, (packet) => {
        clearTimeout(late);
        resolve(packet);
      });
    });
    this.#owed.set(xid, (this.#owed.get(xid) ?? 0) + 1);
    this.socket.send(question(type, options, { xid, mac }), 67, '255.255.255.255');
    const packet = await answer;
    this.#waiting.delete(xid);
    return packet;
  }

  /** As firmware does: the same question again after 1, 2, 4 ... seconds, so that a late answer counts, too. */
  async insist(mac: string, options: typeof IPXE, type = DISCOVER): Promise<DhcpPacket> {
    const xid = this.#nextXid();
    for (let timeoutMs = 1000; ; timeoutMs *= 2) {
      const packet = await this.ask(mac, options, timeoutMs, xid, type);
      if (packet !== undefined) return packet;
      this.asksAgain += 1;
      if (timeoutMs > 16_000) throw new Error(`${mac}: no answer`);
    }
  }

  /** What is offered, taken: the acknowledgement, with the address that is the machine's now. */
  async take(mac: string, options: typeof IPXE): Promise<DhcpPacket> {
    const offer = await this.insist(mac, options);
    const wanted = Buffer.from(offer.yiaddr.split('.').map(Number));
    const of = offer.options.get(54) ?? Buffer.alloc(4);
    const acknowledged = await this.insist(mac, [...options, [50, wanted], [54, of]], REQUEST);
    if (acknowledged.options.get(53)?.[0] !== ACK) throw new Error(`${mac}: ${offer.yiaddr} is refused`);
    return acknowledged;
  }

  #nextXid(): number {
    return (this.#xid += 1);
  }
}

/** A machine's boot program; a transfer that stands still is begun again, as firmware does. How often it was begun. */
export async function fetchProgram(from: string, { siaddr, file }: DhcpPacket): Promise<number> {
  const how = { address: siaddr, from, options: 'tsize=0 blksize=1468', askAgainMs: 1000, silenceMs: 8000 };
  for (let tries = 1; ; tries += 1) {
    const program = await fetchTftp(69, file, how).catch((error: unknown) => error);
    if (!(program instanceof Error)) return tries;
    if (tries === 5) throw program;
  }
}
