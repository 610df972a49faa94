import { type RemoteInfo, Socket } from 'node:dgram';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEventBus, AddressTable } from '../../src/server/events.ts';
import { createSchedule } from '../../src/releases/schedule.ts';
import { encodeRequest } from '../support/tftp-packets.ts';
import { lan, local, SERVER } from '../support/dhcp-lan.ts';
import { optionsOf, question } from '../support/dhcp-packets.ts';
import { DECISION, SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, recordLog } from '../support/http-server.ts';
import { get } from '../support/http-raw.ts';
import { BEARER, fakeAdminService } from '../support/operator-setup.ts';
import { fetchTftp, RawClient } from '../support/tftp-client.ts';
import { bytesSource } from '../support/tftp-files.ts';
import { content, serveTftp, until } from '../support/tftp-server.ts';

// A bug in one place, whatever it is: what was asked there fails, everybody else goes on, and the log says what it was.
// That nothing reaches the process is held by vitest itself: an uncaught exception fails the run.
function fault(): never {
  throw new TypeError('injected');
}

const ok = { script: SCRIPT, decision: DECISION, fetches: [] };

describe('HTTP', () => {
  it("a handler of the machines' routes", async () => {
    let broken = true;
    const appContext = await openContext({ script: async () => (broken ? fault() : ok) });
    onTestFinished(async () => appContext.close());
    const answer = await get(appContext.port, '/ipxe?mac=52:54:00:12:34:56');
    expect([answer.status, answer.text.includes('injected')]).toEqual([500, false]);
    broken = false;
    expect(await get(appContext.port, '/ipxe?mac=52:54:00:12:34:57')).toMatchObject({ status: 200 });
    expect(appContext.log.of('error').map(({ message }) => message)).toEqual(['internal error']);
  });

  it('the listener for requests itself', async () => {
    let broken = true;
    const appContext = await openContext({ generation: () => (broken ? fault() : 1), start: () => SCRIPT });
    onTestFinished(async () => appContext.close());
    expect(await get(appContext.port, '/boot.ipxe')).toMatchObject({ status: 0 });
    broken = false;
    expect(await get(appContext.port, '/boot.ipxe')).toMatchObject({ status: 200, body: SCRIPT });
    expect(appContext.log.of('error')).toHaveLength(1);
  });

  it('whoever hears what was answered, for machines and for people', async () => {
    const appContext = await openContext({ start: () => SCRIPT }, { onAnswer: fault, onOperatorAnswer: fault });
    onTestFinished(async () => appContext.close());
    for (let i = 0; i < 2; i += 1) {
      expect(await get(appContext.port, '/boot.ipxe')).toMatchObject({ status: 200 });
      expect(await get(appContext.port, '/dashboard/login')).toMatchObject({ status: 200 });
    }
    await expect.poll(() => appContext.log.of('error').length).toBe(4);
  });

  it('a handler of Express, before and after its answer has begun', async () => {
    const adminService = fakeAdminService({ health: fault });
    const appContext = await openContext(
      { start: () => SCRIPT },
      {
        adminService,
        pages: (router) => {
          router.get('/dashboard/half', (_req, res) => {
            res.writeHead(200, { 'Content-Length': '10' });
            res.write('half');
            fault();
          });
        },
      },
    );
    onTestFinished(async () => appContext.close());
    const authorized = [`Authorization: ${BEARER}`];
    expect(await get(appContext.port, '/api/v1/health', authorized)).toMatchObject({ status: 500 });
    expect((await get(appContext.port, '/dashboard/half', authorized)).body).toBe('half');
    expect(await get(appContext.port, '/boot.ipxe')).toMatchObject({ status: 200 });
    expect(appContext.log.of('error').map(({ message }) => message)).toEqual([
      'internal error',
      'an answer could not be finished',
    ]);
  });
});

describe('TFTP', () => {
  const whole = content(5000);

  it('a file that cannot be read, and whoever hears that a transfer has ended', async () => {
    const files = bytesSource({ good: whole });
    const served = await serveTftp(
      {
        open: async (ask) => {
          if (ask.name === 'open') fault();
          if (ask.name !== 'read') return await files.open(ask);
          return { size: 5000, read: async () => fault(), close: async () => fault() };
        },
      },
      {},
      { onEnd: fault },
    );
    onTestFinished(async () => served.stop());
    for (const name of ['open', 'read']) await expect(fetchTftp(served.port, name)).rejects.toThrow();
    expect((await fetchTftp(served.port, 'good')).bytes.equals(whole)).toBe(true);
    await until(() => served.listening.transfers() === 0);
    expect(served.log.lines.some(({ level }) => level === 'error')).toBe(true);
  });

  it('a packet from port 0, to which nothing can be sent', async () => {
    const bind = vi.spyOn(Socket.prototype, 'bind');
    onTestFinished(() => {
      bind.mockRestore();
    });
    const served = await serveTftp(bytesSource({ good: whole }));
    onTestFinished(async () => served.stop());
    const [socket] = bind.mock.contexts as readonly Socket[];
    const from: RemoteInfo = { address: '127.0.0.1', family: 'IPv4', port: 0, size: 4 };
    socket?.emit('message', encodeRequest('rrq', { name: 'good', mode: 'octet', options: [] }), from);
    socket?.emit('message', encodeRequest('wrq', { name: 'good', mode: 'octet', options: [] }), from);
    socket?.emit('message', encodeRequest('rrq', { name: '../x', mode: 'octet', options: [] }), from);
    expect((await fetchTftp(served.port, 'good')).bytes.equals(whole)).toBe(true);
    expect(served.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('a stranger from port 0 at the port of a transfer', async () => {
    const bind = vi.spyOn(Socket.prototype, 'bind');
    onTestFinished(() => {
      bind.mockRestore();
    });
    const served = await serveTftp(bytesSource({ good: whole }));
    onTestFinished(async () => served.stop());
    const client = await RawClient.open();
    onTestFinished(() => {
      client.close();
    });
    client.request(served.port, 'good');
    await client.next();
    const transfer = bind.mock.contexts.at(-1) as Socket;
    expect(transfer.listenerCount('message')).toBe(1);
    transfer.emit('message', Buffer.from([0, 4, 0, 1]), { address: '127.0.0.9', family: 'IPv4', port: 0, size: 4 });
    expect((await fetchTftp(served.port, 'good')).bytes.equals(whole)).toBe(true);
  });
});

describe('DHCP', () => {
  it('the choice of what to boot', async () => {
    let broken = true;
    const { client, bootServerPort, log } = await lan(
      {},
      { choose: () => (broken ? fault() : { file: 'snponly.efi' }), addresses: () => local(SERVER) },
    );
    const asked = question(3, optionsOf('OVMF 2022.11, PXEv4'));
    client.send(asked, bootServerPort, SERVER);
    await until(() => log.lines.some(({ level }) => level === 'error'));
    broken = false;
    client.send(asked, bootServerPort, SERVER);
    expect((await client.expect()).bytes.length).toBeGreaterThan(200);
  });
});

it('of the listeners to what servers tell each fails for itself', () => {
  const log = recordLog();
  const heard: string[] = [];
  const listeners = createEventBus({
    eventRecorder: { answered: fault, transferred: fault, offered: fault },
    follower: {
      answered: () => heard.push('marks'),
      transferred: () => heard.push('marks'),
      settled: async () => undefined,
    },
    metrics: { httpAnswered: fault, bytes: fault, bootAnswered: fault, tftpTransfer: fault },
    boots: { answered: fault },
    addressTable: new AddressTable(() => 0),
    neighbours: { macOf: async () => undefined },
    log,
  });
  listeners.answered({
    ...{
      kind: 'script',
      method: 'GET',
      path: '/ipxe',
      status: 200,
      bytes: 1,
      ms: 0,
      complete: true,
      from: '192.0.2.1',
    },
    decision: DECISION,
  });
  listeners.transferred({ client: '192.0.2.1', file: 'a', size: 1, ms: 1, end: 'done' });
  expect(heard).toEqual(['marks', 'marks']);
  expect(log.of('error')).toHaveLength(5);
});

it('a run of the release sync, by its schedule: the next one comes all the same', async () => {
  vi.useFakeTimers({ now: new Date('2026-08-20T00:00:00Z') });
  const log = recordLog();
  let runs = 0;
  const schedule = createSchedule({
    ...{ expression: '17 * * * *', timezone: 'UTC', jitter: 0, log },
    missing: async () => fault(),
    run: () => {
      runs += 1;
      fault();
    },
  });
  onTestFinished(async () => {
    await schedule.stop(AbortSignal.abort());
    vi.useRealTimers();
  });
  await schedule.start();
  await vi.advanceTimersByTimeAsync(2 * 3_600_000);
  expect(runs).toBe(2);
  expect(log.of('error').filter(({ message }) => message === 'the release sync failed')).toHaveLength(2);
});
