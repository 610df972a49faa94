// A publisher of a Flatcar release on the loopback: files, signatures and digests as Flatcar publishes them.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Vendor } from '../test/support/openpgp-vendor.ts';
import { versionTxt } from '../test/support/upstream-formats.ts';
import { freePort, startHttp, type HttpServer } from './programs.ts';

const VERSION = '4593.2.5';
/** Where its files are below the publisher's URL. */
export const RELEASE = `flatcar/stable/amd64-usr/${VERSION}`;

/** Files of these names and sizes. */
export function publishRelease(dir: string, vendor: Vendor, files: readonly (readonly [string, number])[]): void {
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  write('flatcar/stable/amd64-usr/current/version.txt', versionTxt('FLATCAR', VERSION));
  const armored = vendor.publicKey.split('\n').filter((line) => /^[A-Za-z0-9+/]+=*$/.test(line));
  write('pubring.gpg', Buffer.from(armored.join(''), 'base64'));
  for (const [name, size] of files) {
    const bytes = Buffer.alloc(size, createHash('sha512').update(name).digest());
    write(`${RELEASE}/${name}`, bytes);
    write(`${RELEASE}/${name}.sig`, vendor.sign(bytes));
    const digest = createHash('sha512').update(bytes).digest('hex');
    write(`${RELEASE}/${name}.DIGESTS`, `# SHA512 HASH\n${digest}  ${name}\n`);
  }
}

const SERVER = `
const { createReadStream, statSync } = require('node:fs');
require('node:http').createServer((request, response) => {
  try {
    const path = process.argv[1] + (request.url === '/' ? '/pubring.gpg' : request.url);
    response.writeHead(200, { 'content-length': statSync(path).size, etag: '"1"' });
    if (request.method === 'HEAD') response.end();
    else createReadStream(path, { highWaterMark: 1 << 20 }).pipe(response);
  } catch { response.writeHead(404).end(); }
}).listen(Number(process.argv[2]), '127.0.0.1');`;

export async function startPublisher(dir: string): Promise<HttpServer> {
  const port = await freePort();
  return await startHttp(process.execPath, ['-e', SERVER, dir, String(port)], { port });
}
