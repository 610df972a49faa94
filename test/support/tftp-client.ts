import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { encodeAck, encodeRequest, parseAnswer, type TftpAnswer } from './tftp-packets.ts';

export interface Arrived {
  readonly bytes: Buffer;
  readonly packet: TftpAnswer;
  readonly from: RemoteInfo;
  readonly at: number;
}

/** A UDP socket that keeps what arrives: for clients that behave exactly as a test says. */
export class RawClient {
  readonly socket: Socket;
  readonly all: Arrived[] = [];
  readonly #queue: Arrived[] = [];
  #waiting: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (bytes, from) => {
      const arrived = { bytes, packet: parseAnswer(bytes), from, at: performance.now() };
      this.all.push(arrived);
      this.#queue.push(arrived);
      this.#waiting?.();
    });
  }

  static async open(address = '127.0.0.1', port = 0, shared = false): Promise<RawClient> {
    const family = address.includes(':') ? 6 : 4;
    // Without a look-up of its own a packet leaves some turns later, and not at all when the socket is closed by then.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      reuseAddr: shared,
      lookup: (host, _options, callback) => {
        callback(null, host, family);
      },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, resolve);
    });
    return new RawClient(socket);
  }

  send(bytes: Uint8Array, port: number, address = '127.0.0.1'): void {
    this.socket.send(bytes, port, address);
  }

  request(port: number, name: string, options = '', mode = 'octet', address = '127.0.0.1'): void {
    this.send(encodeRequest('rrq', { name, mode, options: pairs(options) }), port, address);
  }

  /** The next packet, or undefined when none comes in time. */
  async next(timeoutMs = 5_000): Promise<Arrived | undefined> {
    const until = performance.now() + timeoutMs;
    while (this.#queue.length === 0) {
      const left = until - performance.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#queue.shift();
  }

  /** The next packet; a test that gets none fails here. */
  async expect(timeoutMs = 30_000): Promise<Arrived> {
    const arrived = await this.next(timeoutMs);
    if (arrived === undefined) throw new Error('the server said nothing');
    return arrived;
  }

  close(): void {
    this.socket.close();
  }
}

/** `blksize=1468 tsize=0` as options. */
export function pairs(text: string): { name: string; value: string }[] {
  return text === ''
    ? []
    : text.split(' ').map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }));
}

/** `blksize=1468 tsize=9`, `error 1`, `data 1 (512)`. */
export function say(arrived: Arrived | undefined): string {
  if (arrived === undefined) return 'nothing';
  const { packet } = arrived;
  if (packet.kind === 'oack') return packet.options.map(({ name, value }) => `${name}=${value}`).join(' ');
  if (packet.kind === 'data') return `data ${packet.block} (${packet.data.length})`;
  return packet.kind === 'error' ? `error ${packet.code}` : packet.kind;
}

export interface Fetched {
  readonly bytes: Buffer;
  /** DATA packets that arrived. */
  readonly datas: number;
  /** Windows that were acknowledged. */
  readonly acks: number;
  readonly oack: string | undefined;
  readonly from: RemoteInfo | undefined;
}

interface FetchOptions {
  readonly options?: string;
  readonly mode?: string;
  readonly address?: string;
  readonly from?: string;
  /** Every ACK is sent so many times. */
  readonly acks?: number;
  /** Ask again after so many milliseconds while nothing has come. */
  readonly askAgainMs?: number;
  /** How long the server may say nothing; five seconds. */
  readonly silenceMs?: number;
  /** DATA blocks (absolute) that the client pretends not to have got, the first time. */
  readonly lose?: ReadonlySet<number>;
}

/** A whole transfer by a client as RFC 1350 and 7440 describe it; rejects on ERROR or silence. */
export async function fetchTftp(port: number, name: string, how: FetchOptions = {}): Promise<Fetched> {
  const address = how.address ?? '127.0.0.1';
  const client = await RawClient.open(how.from ?? (address.includes(':') ? '::1' : '127.0.0.1'));
  let again: NodeJS.Timeout | undefined;
  try {
    const ask = (): void => {
      if (client.all.length === 0) client.request(port, name, how.options ?? '', how.mode ?? 'octet', address);
    };
    ask();
    again = how.askAgainMs === undefined ? undefined : setInterval(ask, how.askAgainMs);
    return await receive(client, how, address);
  } finally {
    clearInterval(again);
    client.close();
  }
}

async function receive(client: RawClient, how: FetchOptions, address: string): Promise<Fetched> {
  const blocks: Buffer[] = [];
  const lose = new Set(how.lose);
  let oack: string | undefined;
  let blksize = 512;
  let windowsize = 1;
  let datas = 0;
  let acks = 0;
  let inWindow = 0;
  let gapped = false;
  for (;;) {
    const arrived = await client.expect(how.silenceMs);
    const { packet, from } = arrived;
    const ack = (): void => {
      inWindow = 0;
      acks += 1;
      for (let i = how.acks ?? 1; i > 0; i -= 1) client.send(encodeAck(blocks.length), from.port, address);
    };
    if (packet.kind === 'oack') {
      oack = say(arrived);
      const granted = new Map(packet.options.map(({ name, value }) => [name.toLowerCase(), Number(value)]));
      blksize = granted.get('blksize') ?? 512;
      windowsize = granted.get('windowsize') ?? 1;
      if (blocks.length === 0) ack();
    } else if (packet.kind === 'error') {
      throw new Error(`ERROR ${packet.code} ${packet.text}`);
    } else if (packet.kind === 'data') {
      datas += 1;
      const expected = blocks.length + 1;
      if (packet.block !== (expected & 0xffff)) {
        // A gap is told once; the block that we have already, again: our ACK of it was lost.
        const behind = ((expected - packet.block) & 0xffff) < 0x8000;
        if (behind ? packet.block === (blocks.length & 0xffff) : !gapped) ack();
        gapped ||= !behind;
      } else if (!lose.delete(expected)) {
        gapped = false;
        blocks.push(packet.data);
        inWindow += 1;
        const last = packet.data.length < blksize;
        if (last || inWindow === windowsize) ack();
        if (last) return { bytes: Buffer.concat(blocks), datas, acks, oack, from };
      }
    }
  }
}
