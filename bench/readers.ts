// Run by bench/images.ts: so many readers of one image at once, each so many times; prints what they read, as JSON.
// curl, wrk and streams read a few KiB at a time and are slower than the servers; one large buffer for all is not.
import { connect } from 'node:net';

const [port = '0', path = '/', readers = '1', times = '1'] = process.argv.slice(2);
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
let units = 0;

async function reader(): Promise<void> {
  let left = Number(times);
  /** Bytes of the answer that are still to come; its head first. */
  let missing = 0;
  await new Promise<void>((resolve, reject) => {
    const ask = (): void => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
    };
    const callback = (length: number): boolean => {
      if (missing === 0) missing = wholeLength(buffer.toString('latin1', 0, Math.min(length, 2000)));
      missing -= length;
      units += length / 1e9;
      if (missing > 0) return true;
      left -= 1;
      if (left > 0) ask();
      else socket.destroy();
      return true;
    };
    const socket = connect({ port: Number(port), host: '127.0.0.1', onread: { buffer, callback } }, ask);
    socket.on('error', reject).on('close', () => {
      if (left > 0) reject(new Error('the server hung up before the end of the file'));
      else resolve();
    });
  });
}

/** Of head and body. */
function wholeLength(text: string): number {
  const head = text.indexOf('\r\n\r\n') + 4;
  const body = /^content-length: (\d+)\r$/im.exec(text)?.[1];
  if (!text.startsWith('HTTP/1.1 200 ') || head < 4 || body === undefined) throw new Error(`not an image: ${text}`);
  return head + Number(body);
}

const began = performance.now();
await Promise.all(Array.from({ length: Number(readers) }, reader));
console.log(JSON.stringify({ units, seconds: (performance.now() - began) / 1000 }));
