import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { asFailure, Failure, failureLine } from '../../src/model/failure.ts';
import type { RedfishPower } from '../../src/model/power.ts';
import { redfishDriver } from '../../src/power/redfish.ts';
import { makeCertificate } from '../support/certificate.ts';
import { needs } from '../support/needs.ts';
import {
  REDFISH_PASSWORD,
  REDFISH_USER,
  type RedfishOddity,
  type RedfishService,
  startRedfish,
} from '../support/redfish-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-redfish-'));
const files = makeCertificate(folder, 'bmc');
const PAIR = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
rmSync(folder, { recursive: true });
const RESET = 'POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset';
const SOON = AbortSignal.timeout(600_000);

function driver(service: RedfishService, more: Partial<RedfishPower> = {}, password = REDFISH_PASSWORD) {
  const { url, fingerprint } = service;
  const bmc = { url, user: REDFISH_USER, password: { file: 'secrets/bmc' }, fingerprint, ...more };
  return redfishDriver(
    bmc,
    () => Promise.resolve(password),
    () => Promise.resolve(),
  );
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  return asFailure(
    await work.then(
      () => new Failure('invalid', 'it did not fail'),
      (error: unknown) => error,
    ),
  );
}

describe('Redfish', () => {
  it('switches on and off, cycles and tells the power, each in a session that it ends', async () => {
    await using service = await startRedfish(PAIR);
    const bmc = driver(service);
    expect(await bmc.act('status', SOON)).toEqual({ state: 'off', text: 'power is off' });
    expect(await bmc.act('cycle', SOON)).toEqual({ state: 'on', text: 'switched on by Redfish' });
    expect(await bmc.act('on', SOON)).toEqual({ state: 'on', text: 'power is on already' });
    expect(await bmc.act('cycle', SOON)).toEqual({ state: 'on', text: 'switched off and on by Redfish' });
    expect(await bmc.act('off', SOON)).toEqual({ state: 'off', text: 'switched off by Redfish' });
    const resets = service.asked.filter((line) => line.startsWith(RESET)).map((line) => line.slice(RESET.length + 1));
    expect(resets).toEqual(['On', 'PowerCycle', 'ForceOff']);
    expect([...service.sessions]).toEqual([]);
    expect([...service.credentials]).toEqual(['session']);
  });

  it('lets the next boot come from the network, once, also where the service counts changes', async () => {
    for (const odd of [{}, { etags: true }]) {
      await using service = await startRedfish(PAIR, odd);
      await driver(service).bootFromNetwork?.(SOON);
      expect(service.boot).toBe('Pxe');
    }
    await using http = await startRedfish(PAIR, { boots: ['None', 'Hdd', 'UefiHttp'] });
    await driver(http).bootFromNetwork?.(SOON);
    expect(http.boot).toBe('UefiHttp');
  });

  it('uses Basic where sessions are switched off', async () => {
    await using service = await startRedfish(PAIR, { noSessions: true });
    expect(await driver(service).act('on', SOON)).toMatchObject({ state: 'on' });
    expect([...service.credentials]).toEqual(['Basic']);
  });

  it('switches off, waits and switches on where the service knows no cycle', async () => {
    await using service = await startRedfish(PAIR, { resets: ['On', 'ForceOff'] });
    service.state = 'On';
    expect(await driver(service).act('cycle', SOON)).toMatchObject({ text: 'switched off and on by Redfish' });
    expect(service.asked.filter((line) => line.startsWith(RESET)).length).toBe(2);
  });

  it('takes the system that is named where there are several', async () => {
    await using service = await startRedfish(PAIR, { systems: ['a', 'b'] });
    const failure = await failureOf(driver(service).act('status', SOON));
    expect([failure.code, failure.remedy]).toEqual(['conflict', 'add "system", one of: a, b']);
    for (const system of ['b', '/redfish/v1/Systems/b'])
      expect(await driver(service, { system }).act('status', SOON)).toMatchObject({ state: 'off' });
    expect(await failureOf(driver(service, { system: 'c' }).act('status', SOON))).toMatchObject({
      code: 'not-found',
      message: `${new URL(service.url).host} has no system c`,
      remedy: '"system" is one of: a, b',
    });
  });

  it.each([{}, { noSessions: true }])('says that the password is wrong: %o', async (odd) => {
    await using service = await startRedfish(PAIR, odd);
    const failure = await failureOf(driver(service, {}, 'wrong').act('on', SOON));
    expect(failure).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('does not take the user ops') as string,
    });
    expect(failureLine(failure)).not.toContain('wrong');
    expect(service.state).toBe('Off');
  });

  it('sends nothing where the certificate is another one, or one that no authority signed', async () => {
    await using service = await startRedfish(PAIR);
    const other = service.fingerprint.replaceAll(/[0-9A-F]/g, '0');
    const changed = await failureOf(driver(service, { fingerprint: other }).act('on', SOON));
    expect([changed.code, changed.remedy]).toEqual(['refused', expect.stringContaining(service.fingerprint)]);
    const unsigned = await failureOf(driver(service, { fingerprint: undefined }).act('on', SOON));
    expect([unsigned.code, unsigned.remedy]).toEqual(['refused', expect.stringContaining(`"${service.fingerprint}"`)]);
    expect(service.asked).toEqual([]);
  });

  it('says that nothing listens, and that a name is not known', async () => {
    const service = await startRedfish(PAIR);
    await service[Symbol.asyncDispose]();
    expect(await failureOf(driver(service).act('on', SOON))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nothing listens at 127.0.0.1') as string,
    });
    expect((await failureOf(driver(service, { url: 'https://no-such.invalid' }).act('on', SOON))).message).toMatch(
      /the name no-such\.invalid/,
    );
  });
});

describe('a hostile Redfish service', () => {
  const instead = (answer: NonNullable<RedfishOddity['instead']>): RedfishOddity => ({ instead: answer });

  it.each([
    ['no JSON', '<html>', 'is not JSON'],
    ['a list', '[]', 'JSON that is no object'],
    ['null', 'null', 'JSON that is no object'],
    ['more than it may', `"${'x'.repeat(2 ** 21)}"`, 'more than 1 MiB'],
  ])('that answers with %s', async (_what, body, message) => {
    await using service = await startRedfish(
      PAIR,
      instead((_req, res) => {
        res.end(body);
        return true;
      }),
    );
    expect((await failureOf(driver(service).act('on', SOON))).message).toContain(message);
  });

  it('that never answers ends with the time', async () => {
    await using service = await startRedfish(
      PAIR,
      instead(() => true),
    );
    await expect(driver(service).act('on', AbortSignal.timeout(300))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each(['redirect', 'member', 'target', 'sessions'])(
    'gets no credentials sent to another host by a %s',
    async (how) => {
      await using thief = await startRedfish(PAIR);
      await using service = await startRedfish(
        PAIR,
        instead((req, res) => {
          const path = (req.url ?? '').replace(/\/$/, '');
          const give = (value: object): boolean => {
            res.end(JSON.stringify(value));
            return true;
          };
          if (how === 'redirect' && path === '/redfish/v1/Systems') {
            res.writeHead(302, { location: `${thief.url}/redfish/v1/Systems` }).end();
            return true;
          }
          if (how === 'sessions' && path === '/redfish/v1')
            return give({ Links: { Sessions: { '@odata.id': `${thief.url}/redfish/v1/SessionService/Sessions` } } });
          if (how === 'member' && path === '/redfish/v1/Systems')
            return give({ Members: [{ '@odata.id': `//${new URL(thief.url).host}/redfish/v1/Systems/1` }] });
          if (how === 'target' && path === '/redfish/v1/Systems/1')
            return give({ PowerState: 'Off', Actions: { '#ComputerSystem.Reset': { target: `${thief.url}/reset` } } });
          return false;
        }),
      );
      const failure = await failureOf(driver(service).act('on', SOON));
      expect([failure.code, failure.message]).toEqual([
        'refused',
        expect.stringContaining('names an address of another host'),
      ]);
      expect(thief.asked).toEqual([]);
    },
  );
});

// The stand-in is held by a client that others wrote.
const fence = needs({ commands: ['fence_redfish'] });
fence.test("Debian's fence_redfish takes our stand-in for a Redfish service", async () => {
  await using service = await startRedfish(PAIR);
  const { hostname, port } = new URL(service.url);
  const ask = async (action: string): Promise<string> => {
    const login = [
      '--username',
      REDFISH_USER,
      '--password',
      REDFISH_PASSWORD,
      '--systems-uri',
      '/redfish/v1/Systems/1',
    ];
    const words = ['--ip', hostname, '--ipport', port, '--ssl-insecure', ...login, '--action', action];
    return (await promisify(execFile)('fence_redfish', words)).stdout;
  };
  expect(await ask('on')).toContain('Success');
  expect(service.state).toBe('On');
  expect(await ask('off')).toContain('Success');
  expect(service.state).toBe('Off');
  expect(service.asked).toContain(`${RESET} ForceOff`);
});
