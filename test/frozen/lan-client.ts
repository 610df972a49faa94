// Run inside of a network namespace by lan.test.ts. Reads steps as JSON lines and prints one JSON line for each: what came
// back over UDP.
import { createHash } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';

const SERVER = process.argv[2] ?? '';
const LONGEST_MS = 20_000;

interface Arrived {
  readonly bytes: Buffer;
  readonly from: RemoteInfo;
}

interface DhcpStep {
  readonly kind: 'dhcp';
  /** The last one is known to be answered. */
  readonly packets: readonly { readonly to: string; readonly port: number; readonly hex: string }[];
}

interface TftpStep {
  readonly kind: 'tftp';
  readonly name: string;
  readonly options: readonly string[];
}

async function open(port: number): Promise<{ readonly socket: Socket; readonly next: () => Promise<Arrived> }> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const arrived: Arrived[] = [];
  let wake = (): void => undefined;
  socket.on('message', (bytes, from) => {
    arrived.push({ bytes, from });
    wake();
  });
  await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve));
  socket.setBroadcast(true);
  async function next(): Promise<Arrived> {
    const first = arrived.shift();
    if (first !== undefined) return first;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('nothing came'));
      }, LONGEST_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return await next();
  }
  return { socket, next };
}

/** Sends every packet in turn, and gives every answer until that of the last one. */
async function dhcp({ packets }: DhcpStep): Promise<string> {
  const { socket, next } = await open(68);
  const last = packets.at(-1)?.hex.slice(8, 16);
  const lines: string[] = [];
  try {
    for (const { to, port, hex } of packets) socket.send(Buffer.from(hex, 'hex'), port, to);
    for (;;) {
      const { bytes, from } = await next();
      const hex = bytes.toString('hex');
      lines.push(`${from.address}:${from.port} ${hex}`);
      if (hex.slice(8, 16) === last) return lines.join('\n');
    }
  } finally {
    socket.close();
  }
}

/** A whole transfer, in lock-step or in windows: what was agreed, and the digest of the bytes. */
async function tftp({ name, options }: TftpStep): Promise<string> {
  const { socket, next } = await open(0);
  const words = [name, 'octet', ...options.flatMap((one) => one.split('='))];
  socket.send(Buffer.concat([Buffer.from([0, 1]), ...words.map((word) => Buffer.from(`${word}\0`))]), 69, SERVER);
  const lines: string[] = [];
  const data: Buffer[] = [];
  let size = 512;
  let window = 1;
  let held = 0;
  try {
    for (;;) {
      const { bytes, from } = await next();
      const code = bytes.readUInt16BE(0);
      const block = bytes.readUInt16BE(2);
      const ack = (number: number): void => {
        socket.send(Buffer.from([0, 4, number >> 8, number & 255]), from.port, from.address);
      };
      if (code === 5) return `error ${block} ${bytes.subarray(4, -1).toString()}`;
      if (code === 6) {
        const text = bytes.subarray(2, -1).toString().replaceAll('\0', ' ');
        lines.push(`oack ${text}`);
        size = Number(/blksize (\d+)/.exec(text)?.[1] ?? size);
        window = Number(/windowsize (\d+)/.exec(text)?.[1] ?? window);
        ack(0);
      } else if (block === ((data.length + 1) & 65535)) {
        data.push(bytes.subarray(4));
        held += 1;
        const end = bytes.length - 4 < size;
        if (end || held === window) {
          held = 0;
          ack(block);
        }
        if (end) return [...lines, summary(data)].join('\n');
      }
    }
  } finally {
    socket.close();
  }
}

function summary(data: readonly Buffer[]): string {
  const whole = Buffer.concat(data);
  const digest = createHash('sha256').update(whole).digest('hex');
  const head = `${data.length} blocks, ${whole.length} bytes, sha256 ${digest}`;
  return whole.every((byte) => byte < 128) && whole.length < 2000 ? `${head}\n${whole.toString()}` : head;
}

for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line) as DhcpStep | TftpStep;
  console.log(JSON.stringify(step.kind === 'dhcp' ? await dhcp(step) : await tftp(step)));
}
