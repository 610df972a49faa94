import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import tftp from 'tftp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { folderSource } from '../support/tftp-files.ts';
import { content, serveTftp, until, type Served } from '../support/tftp-server.ts';

const run = promisify(execFile);
const SIZES = [0, 1, 511, 512, 513, 1468, 300_000];

/** How each program fetches `file` from port `port` into `to`. */
const CLIENTS: Readonly<Record<string, (port: string, file: string, to: string) => [string, string[]]>> = {
  'curl --tftp-no-options': (port, file, to) => [
    'curl',
    ['-sSf', '-m', '20', '--tftp-no-options', '-o', to, `tftp://127.0.0.1:${port}/${file}`],
  ],
  'curl --tftp-blksize 1468': (port, file, to) => [
    'curl',
    ['-sSf', '-m', '20', '--tftp-blksize', '1468', '-o', to, `tftp://127.0.0.1:${port}/${file}`],
  ],
  atftp: (port, file, to) => ['atftp', ['-g', '-r', file, '-l', to, '127.0.0.1', port]],
  'atftp, blksize 1468, windowsize 16': (port, file, to) => [
    'atftp',
    [
      '--option',
      'blksize 1468',
      '--option',
      'windowsize 16',
      '--option',
      'tsize 0',
      '-g',
      '-r',
      file,
      '-l',
      to,
      '127.0.0.1',
      port,
    ],
  ],
  'tftp (hpa)': (port, file, to) => ['tftp', ['-m', 'binary', '127.0.0.1', port, '-c', 'get', file, to]],
  'busybox tftp': (port, file, to) => ['busybox', ['tftp', '-g', '-r', file, '-l', to, '127.0.0.1', port]],
  'busybox tftp -b 1432': (port, file, to) => [
    'busybox',
    ['tftp', '-b', '1432', '-g', '-r', file, '-l', to, '127.0.0.1', port],
  ],
};

let folder = '';
let served: Served;
const source = { current: folderSource('.') };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tftp-clients-'));
  await mkdir(join(folder, 'out'));
  for (const size of SIZES) await writeFile(join(folder, `f${size}`), content(size));
  source.current = folderSource(folder);
  served = await serveTftp(source.current);
});
afterAll(async () => {
  await served.stop();
  await rm(folder, { recursive: true });
});

describe.each(Object.entries(CLIENTS))('%s', (name, command) => {
  const program = command('', '', '')[0];

  needs({ commands: [program] }).test('fetches every size', async () => {
    for (const size of SIZES) {
      // curl takes the tsize of an empty file for a mistake, against every server.
      if (size === 0 && name.includes('blksize 1468') && program === 'curl') continue;
      const to = join(folder, 'out', `${size}`);
      await rm(to, { force: true });
      const [file, args] = command(String(served.port), `f${size}`, to);
      await run(file, args);
      expect((await readFile(to)).equals(content(size))).toBe(true);
    }
    await until(() => served.listening.transfers() === 0);
    expect(source.current.openFiles()).toBe(0);
  });
});

describe('npm tftp as a client', () => {
  it('fetches every size', async () => {
    const client = tftp.createClient({ host: '127.0.0.1', port: served.port, windowSize: 4, blockSize: 1468 });
    for (const size of SIZES) {
      const to = join(folder, 'out', `npm${size}`);
      await new Promise<void>((resolve, reject) => {
        client.get(`f${size}`, to, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      expect((await readFile(to)).equals(content(size))).toBe(true);
    }
  });
});

describe('many at once', () => {
  needs({ commands: ['curl'] }).test('serves 50 curls', async () => {
    const busy = await serveTftp(source.current, { perAddress: 64 });
    const fetches = Array.from({ length: 50 }, async (_, i) => {
      const to = join(folder, 'out', `many${i}`);
      await run('curl', [
        '-sSf',
        '-m',
        '20',
        '--tftp-blksize',
        '1468',
        '-o',
        to,
        `tftp://127.0.0.1:${busy.port}/f300000`,
      ]);
      return (await readFile(to)).equals(content(300_000));
    });
    expect((await Promise.all(fetches)).every(Boolean)).toBe(true);
    await busy.stop();
  });
});
