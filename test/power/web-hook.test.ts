import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { asFailure, Failure } from '../../src/model/failure.ts';
import type { Power } from '../../src/model/power.ts';
import { magicPacket, parseSecureOn, wakeTargets } from '../../src/power/wake-on-lan.ts';
import { webHookDriver } from '../../src/power/web.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';

const SOON = AbortSignal.timeout(600_000);
type Requests = Extract<Power, { http: unknown }>['http'];

/** A smart plug: answers as it is told, and remembers what it was asked. */
async function plug(answer: (res: ServerResponse) => void = (res) => res.end('ok')) {
  const asked: { line: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const body = Buffer.concat(parts).toString();
      asked.push({ line: `${req.method ?? ''} ${req.url ?? ''}`, headers: req.headers, body });
      answer(res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const driver = (requests: Requests) => webHookDriver(requests, () => Promise.resolve('Bearer s3cret'), 'node w1');

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  return asFailure(
    await work.then(
      () => new Failure('invalid', 'it did not fail'),
      (error: unknown) => error,
    ),
  );
}

describe('a web request', () => {
  it('is sent as the profile says, with the secret in its header', async () => {
    const { asked, url } = await plug();
    const on = {
      ...{ url: `${url}/api/services/switch/turn_on?x=1`, method: 'POST' as const, body: '{"entity_id":"switch.w1"}' },
      headers: { Authorization: { file: 'secrets/ha' }, 'Content-Type': 'application/json' },
    };
    expect(await driver({ on }).act('on', SOON)).toEqual({ state: 'on', text: `switched on by ${new URL(url).host}` });
    expect(asked).toMatchObject([
      {
        line: 'POST /api/services/switch/turn_on?x=1',
        headers: { authorization: 'Bearer s3cret', 'content-type': 'application/json', 'content-length': '25' },
        body: '{"entity_id":"switch.w1"}',
      },
    ]);
  });

  it.each([
    ['{"POWER":"ON"}', 'on'],
    ['{"POWER":"OFF"}', 'off'],
  ])('tells the power: %s', async (body, state) => {
    const { url } = await plug((res) => res.end(body));
    expect(await driver({ status: { url, on_when: '"ON"' } }).act('status', SOON)).toMatchObject({ state });
  });

  it('that cannot be read for the power says what to add', async () => {
    const { url } = await plug();
    expect(await failureOf(driver({ status: { url } }).act('status', SOON))).toMatchObject({
      code: 'conflict',
      remedy: expect.stringContaining('"on_when"') as string,
    });
  });

  it.each([
    [500, {}, 'unavailable', 'answers with status 500: broken'],
    [403, {}, 'refused', 'does not let us in (status 403)'],
    [302, { location: 'http://elsewhere.example/?token=1' }, 'unavailable', 'sends the request elsewhere (status 302)'],
  ])('that fails says how: %i', async (status, headers, code, message) => {
    const { asked, url } = await plug((res) => res.writeHead(status, headers).end('broken'));
    const failure = await failureOf(driver({ on: { url } }).act('on', SOON));
    expect([failure.code, failure.message]).toEqual([code, expect.stringContaining(message)]);
    if (status === 302) expect(failure.remedy).toBe('write the address to which it leads: elsewhere.example');
    expect(asked).toHaveLength(1);
  });

  it('to what is cut off in the middle is told', async () => {
    const { url } = await plug((res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('half');
      res.destroy();
    });
    expect(await failureOf(driver({ on: { url } }).act('on', SOON))).toMatchObject({ code: 'unavailable' });
  });
});

describe('Wake-on-LAN', () => {
  const at = (interfaceName: string, address: string, more: Partial<LocalAddress> = {}): LocalAddress => ({
    ...{ interfaceName, address, family: 4, internal: false, netmask: '255.255.255.0' },
    ...more,
  });
  const LOCAL = [
    at('lo', '127.0.0.1', { internal: true, netmask: '255.0.0.0' }),
    at('eth0', '192.168.1.5'),
    at('eth0', 'fe80::1%eth0', { family: 6, netmask: undefined }),
    at('eth1', '10.20.0.1', { netmask: '255.255.240.0' }),
  ];
  const to = (wol: object, ip?: string) => wakeTargets(wol, ip, LOCAL).map((one) => `${one.from} ${one.to}`);

  it('makes the packet of the manuals, with what SecureOn asks for behind it', () => {
    const packet = magicPacket('52:54:00:55:1c:ee');
    expect(packet.toString('hex')).toBe('f'.repeat(12) + '525400551cee'.repeat(16));
    const six = magicPacket('52:54:00:55:1c:ee', parseSecureOn('01-23-45-67-89-ab\n'));
    expect([six.length, six.toString('hex', 102)]).toEqual([108, '0123456789ab']);
    expect(parseSecureOn('1.2.3.255').toString('hex')).toBe('010203ff');
    expect(() => parseSecureOn('secret word')).toThrow('neither six bytes nor four');
  });

  it('goes by the interface that reaches the node, else by all, else by the named one', () => {
    expect(to({}, '10.20.15.9')).toEqual(['10.20.0.1 10.20.15.255']);
    expect(to({}, '192.168.1.77')).toEqual(['192.168.1.5 192.168.1.255']);
    for (const ip of [undefined, '172.16.0.1', '2001:db8::1'])
      expect(to({}, ip)).toEqual(['192.168.1.5 192.168.1.255', '10.20.0.1 10.20.15.255']);
    expect(to({ interface: 'eth1' }, '192.168.1.77')).toEqual(['10.20.0.1 10.20.15.255']);
    expect(to({ broadcast: '192.168.7.255' })).toEqual(['0.0.0.0 192.168.7.255']);
    expect(() => to({ interface: 'eth9' })).toThrow(
      expect.objectContaining({ code: 'not-found', remedy: 'it has eth0, eth1' }) as Error,
    );
  });
});
