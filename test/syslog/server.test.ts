import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SILENT } from '../../src/model/service.ts';
import type { SyslogMessage } from '../../src/syslog/message.ts';
import { createSyslogServer, type SyslogLimits } from '../../src/syslog/server.ts';
import { until } from '../support/tftp-server.ts';

type Heard = SyslogMessage & { readonly from: string };

/** A receiver on a free port of the loopback. `room`: for how many lines there is room. */
async function receiver(
  options: { limits?: Partial<SyslogLimits>; room?: number; host?: string; fails?: boolean } = {},
) {
  const heard: Heard[] = [];
  const log: string[] = [];
  const server = createSyslogServer(
    { host: options.host ?? '127.0.0.1', port: 0, limits: options.limits },
    {
      log: { ...SILENT, warn: (_, message) => log.push(message), error: (_, message) => log.push(message) },
      now: () => 0,
      onMessage(from, message) {
        if (options.fails === true) throw new TypeError('a bug');
        if (heard.length >= (options.room ?? Infinity)) return false;
        heard.push({ from, ...message });
        return true;
      },
    },
  );
  await server.start();
  onTestFinished(() => server.stop(AbortSignal.abort()));
  const port = server.port() ?? 0;
  return {
    ...{ server, heard, log, port },
    texts: () => heard.map(({ text }) => text),
    udp: async (...lines: readonly (string | Buffer)[]): Promise<void> => {
      const socket = createSocket('udp4');
      for (const line of lines)
        await new Promise((resolve) => {
          socket.send(line, port, '127.0.0.1', resolve);
        });
      socket.close();
    },
    tcp: async () => {
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => {
        socket.destroy();
      });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    },
  };
}

it('takes lines over UDP and TCP', async () => {
  const { udp, tcp, heard } = await receiver();
  await udp('<13>app: over UDP\n');
  const socket = await tcp();
  socket.write('<14>app: by line\n16 <15>app: counted');
  socket.end('<12>app: the last');
  await until(() => heard.length === 4);
  expect(heard.toSorted((a, b) => (a.severity ?? 0) - (b.severity ?? 0))).toEqual([
    { from: '127.0.0.1', severity: 4, program: 'app', text: 'the last' },
    { from: '127.0.0.1', severity: 5, program: 'app', text: 'over UDP' },
    { from: '127.0.0.1', severity: 6, program: 'app', text: 'by line' },
    { from: '127.0.0.1', severity: 7, program: 'app', text: 'counted' },
  ]);
});

const LOGGER = spawnSync('logger', ['--version']).error === undefined;

describe.skipIf(!LOGGER)(`logger${LOGGER ? '' : ' (left out: it is not installed)'}`, () => {
  it.each([
    ['RFC 5424, UDP', ['--rfc5424', '-d']],
    ['RFC 3164, UDP', ['--rfc3164', '-d']],
    ['RFC 5424, TCP', ['--rfc5424', '-T']],
    ['RFC 3164, TCP', ['--rfc3164', '-T']],
    ['RFC 5424, TCP, counted', ['--rfc5424', '-T', '--octet-count']],
  ])('%s', async (_name, options) => {
    const { heard, port } = await receiver();
    const words = ['-n', '127.0.0.1', '-P', String(port), '-t', 'd-i', '-p', 'daemon.err', ...options];
    const { stderr } = spawnSync('logger', [...words, 'no disk: \u00fc'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    await until(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ from: '127.0.0.1', severity: 3, program: 'd-i', text: 'no disk: \u00fc' });
    expect(heard[0]?.host).toEqual(expect.any(String));
  });
});

describe('a flood', () => {
  it('is cut to what a sender may say in a second; the log says so once', async () => {
    const { server, tcp, log, heard } = await receiver({ limits: { perKey: 10, total: 100 } });
    const socket = await tcp();
    socket.end('<13>app: x\n'.repeat(1000));
    await until(() => server.counters.dropped === 990);
    expect([heard.length, server.counters.taken, server.counters.droppedFrom]).toEqual([10, 10, '127.0.0.1']);
    expect(log).toEqual(['syslog: lines come faster than they are taken, some are lost']);
  });

  it('that finds no room is counted', async () => {
    const { server, udp } = await receiver({ room: 1 });
    await udp('<13>app: a', '<13>app: b');
    await until(() => server.counters.dropped === 1);
    expect(server.counters).toMatchObject({ taken: 1, dropped: 1 });
  });

  it('of connections is cut: those that are there go on', async () => {
    const { server, tcp, texts } = await receiver({ limits: { connectionsPerAddress: 2 } });
    const good = await tcp();
    good.write('<13>app: first\n');
    await until(() => texts().length === 1);
    const more = await Promise.all(Array.from({ length: 1000 }, tcp));
    await until(() => server.counters.refused === 999);
    expect(server.counters.refusedAt).toBeDefined();
    for (const socket of more) socket.destroy();
    good.write('<13>app: second\n');
    await until(() => texts().length === 2);
  });

  it('of bytes without an end is one line', async () => {
    const { heard, tcp } = await receiver();
    const socket = await tcp();
    for (let i = 0; i < 64; i += 1) socket.write('x'.repeat(65_536));
    socket.end('\n<13>app: after it\n');
    await until(() => heard.length === 2);
    expect(heard[0]?.text).toMatch(/^x{1024} \.\.\. \(8192 bytes in all\)$/);
    expect(heard[1]?.text).toBe('after it');
  });
});

it('an empty line, 64 KiB of anything and a bug behind it end nothing', async () => {
  const { udp, heard, texts } = await receiver();
  await udp('\n', Buffer.alloc(65_507, 0xff), '<13>app: after');
  await until(() => texts().includes('after'));
  expect(heard.map(({ text }) => text.length)).toEqual([heard[0]?.text.length, 5]);

  const broken = await receiver({ fails: true });
  await broken.udp('<13>app: a');
  await until(() => broken.log.includes('an event listener failed'));
});

it('a sender that resets its connection ends nothing', async () => {
  const { tcp, udp, texts } = await receiver();
  const socket = await tcp();
  socket.write('<13>app: half');
  socket.resetAndDestroy();
  await udp('<13>app: after');
  await until(() => texts().includes('after'));
});

it('stops with connections open, twice, and starts again', async () => {
  const { server, tcp } = await receiver();
  const socket = await tcp();
  await Promise.all([once(socket, 'close'), server.stop(new AbortController().signal)]);
  await server.stop(AbortSignal.abort());
  expect(server.port()).toBeUndefined();
  await server.start();
  expect(server.port()).toBeGreaterThan(0);
});

it('says what a person can do about a port that is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => {
    other.close();
  });
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const server = createSyslogServer({ host: '127.0.0.1', port }, { log: SILENT, onMessage: () => true });
  await expect(server.start()).rejects.toMatchObject({
    code: 'conflict',
    message: `TCP port ${port} of 127.0.0.1 for syslog is taken by another program`,
    remedy: expect.stringContaining('PILOTLIGHT_SYSLOG') as string,
  });
  await server.stop(AbortSignal.abort());
});
