import { describe, expect, it } from 'vitest';
import { addressDiagnostics, announced, home, serverDiagnostics, type HealthAnswer } from '../../src/doctor/reach.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import { originOf, settingsFor } from '../support/app-context.ts';

const entry = (interfaceName: string, address: string): LocalAddress => ({
  interfaceName,
  address,
  family: 4,
  internal: interfaceName === 'lo',
  netmask: '255.255.255.0',
});
const LO = entry('lo', '127.0.0.1');
const ONE = [LO, entry('eth0', '10.0.0.2')];
const TWO = [...ONE, entry('virbr0', '192.168.122.1')];
const HTTP = { http: { host: '0.0.0.0', port: 4777 } };
const free = settingsFor('/nowhere', HTTP);
const based = (host: string) => settingsFor('/nowhere', { ...HTTP, baseUrl: originOf(host) });

describe('what machines hear', () => {
  it('is the base URL, or each network’s own address', () => {
    expect(announced(free, TWO)).toEqual(['http://10.0.0.2:4777', 'http://192.168.122.1:4777']);
    expect(announced(based('boot.lab'), TWO)).toEqual(['http://boot.lab']);
  });

  it('where HTTP listens at IPv6, too, is one address of each interface that will stay', () => {
    const six = (address: string): LocalAddress => ({ ...entry('eth0', address), family: 6, netmask: undefined });
    const local = [
      ...ONE,
      six('fd00::a0e0:dbff:fec4:914e'),
      six('fd00::2'),
      six('fd00::1b2c:3d4e:5f60:7182'),
      six('fe80::1%eth0'),
    ];
    const both = settingsFor('/nowhere', { http: { host: '::', port: 4777 } });
    expect(announced(both, local)).toEqual(['http://10.0.0.2:4777', 'http://[fd00::2]:4777']);
    expect(announced(free, local)).toEqual(['http://10.0.0.2:4777']);
    expect(addressDiagnostics(both, [six('fd00::2')])).toMatchObject([{ severity: 'ok' }]);
  });

  it.each([
    ['no address', free, [LO], 'error', 'no interface has an address'],
    ['two networks, no base URL', free, TWO, 'ok', 'eth0 10.0.0.2, virbr0 192.168.122.1'],
    ['one network and a base URL', based('boot.lab'), ONE, 'ok', 'machines hear http://boot.lab'],
    ['two networks and a base URL', based('10.0.0.2:4777'), TWO, 'warning', 'all hear http://10.0.0.2:4777'],
    ['a base URL of loopback', based('127.0.0.1:4777'), ONE, 'error', "each machine's own address"],
    ['a base URL of localhost', based('localhost'), ONE, 'error', "each machine's own address"],
  ])('%s', (_what, settings, local, severity, message) => {
    const diagnostics = addressDiagnostics(settings, local);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ severity, message: expect.stringContaining(message) as string });
  });
});

it.each([
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://127.0.0.1:80'],
  ['10.0.0.2', 'http://10.0.0.2:80'],
])('a server at %s answers this host at %s', (host, url) => {
  expect(home(settingsFor('/nowhere', { http: { host, port: 80 } }))).toBe(url);
});

describe('the running server', () => {
  const up: HealthAnswer = { kind: 'pilotlight', status: 'ok', version: '1.0.0' };
  const down: HealthAnswer = { kind: 'silence', reason: 'ECONNREFUSED' };
  const look = async (answers: Readonly<Record<string, HealthAnswer>>, own: HealthAnswer = down) => {
    const asked: string[] = [];
    const result = await serverDiagnostics(Object.keys(answers), 'home:', async (url) => {
      asked.push(url);
      return url === 'home:/healthz' ? own : (answers[url.replace('/healthz', '')] ?? down);
    });
    return { ...result, asked, levels: result.diagnostics.map(({ severity }) => severity) };
  };

  it('is asked for its health wherever machines are sent', async () => {
    const { asked, serves, levels } = await look({ 'http://a': up, 'http://b': up }, up);
    expect(asked.toSorted()).toEqual(['home:/healthz', 'http://a/healthz', 'http://b/healthz']);
    expect({ serves, levels }).toEqual({ serves: true, levels: ['ok', 'ok'] });
  });

  it('that does not run is one warning', async () => {
    const { diagnostics, serves } = await look({ 'http://a': down, 'http://b': down });
    expect(serves).toBe(false);
    expect(diagnostics).toMatchObject([{ severity: 'warning', message: 'no server answers at http://a, http://b' }]);
    expect((await look({})).diagnostics[0]?.message).toBe('no server answers anywhere');
  });

  it('that answers this host, but not where machines are sent, is a problem there', async () => {
    const { diagnostics, levels } = await look({ 'http://a': up, 'http://b': down }, up);
    expect(levels).toEqual(['ok', 'error']);
    expect(diagnostics[1]?.message).toBe('http://b does not answer (ECONNREFUSED), though machines are sent there');
    const nowhere = await look({ 'http://a': down }, up);
    expect({ serves: nowhere.serves, levels: nowhere.levels }).toEqual({ serves: true, levels: ['error'] });
  });

  it('that is degraded says so', async () => {
    expect((await look({ 'http://a': { ...up, status: 'degraded' } })).levels).toEqual(['warning']);
  });

  it('that is another program is a problem', async () => {
    const { diagnostics, serves } = await look({ 'http://a': { kind: 'other', status: 404 } });
    expect(serves).toBe(false);
    expect(diagnostics[0]).toMatchObject({
      severity: 'error',
      message: 'http://a answers with 404, but is no Pilotlight',
    });
  });
});
