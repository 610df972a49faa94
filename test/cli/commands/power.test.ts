import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { flatcar, MAC } from '../../admin/service/setup.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';
import { REDFISH_PASSWORD, REDFISH_USER, startRedfish } from '../../support/redfish-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-power-'));
const files = makeCertificate(folder, 'bmc');
const PAIR = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
rmSync(folder, { recursive: true });

interface Bmc {
  readonly url: string;
  readonly fingerprint: string;
  readonly system?: string;
}

/** A data directory with a machine that installs, and whose controller is this. */
function dataDir(bmc: Bmc, password = REDFISH_PASSWORD): string {
  const redfish = { ...bmc, user: REDFISH_USER, password: { file: 'secrets/bmc' } };
  const dir = makeFolder({
    'profiles/w.json': flatcar([{ name: 'w1', mac: MAC, power: { redfish } }], { install: { disk: '/dev/sda' } }),
    'secrets/bmc': `${password}\n`,
  });
  chmodSync(join(dir, 'secrets', 'bmc'), 0o600);
  return dir;
}

const CHANGED = Array.from({ length: 32 }, () => 'AB').join(':');

describe('pilotlight power', () => {
  test.each([
    ['a wrong password', {}, 'wrong', 'does not take the user ops or the password'],
    ['a system that is not there', { system: '9' }, REDFISH_PASSWORD, 'has no system 9'],
    ['another certificate', { fingerprint: CHANGED }, REDFISH_PASSWORD, 'certificate'],
  ])('%s is exit status 1 and one line', async (_, more, password, told) => {
    await using service = await startRedfish(PAIR);
    const { url, fingerprint } = service;
    const dir = dataDir({ url, fingerprint, ...more }, password);
    const { code, stderr } = await runAt(dir, ['power', 'cycle', 'w1']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(told)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(service.state).toBe('Off');
  });

  test('a controller that is not there is exit status 1', async () => {
    const service = await startRedfish(PAIR);
    const { url, fingerprint } = service;
    await service[Symbol.asyncDispose]();
    const { code, stderr } = await runAt(dataDir({ url, fingerprint }), ['power', 'cycle', 'w1']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(new URL(url).host)]);
  });

  test('the others go on, and programs are told which kind of failure it was', async () => {
    await using service = await startRedfish(PAIR);
    const { url, fingerprint } = service;
    const { code, stdout } = await runAt(dataDir({ url, fingerprint }), ['power', 'on', 'w1', 'w9', '--json']);
    expect(code).toBe(1);
    const { machines } = JSON.parse(stdout) as { machines: readonly object[] };
    expect(machines).toMatchObject([
      { name: 'w1', state: 'on' },
      { machine: 'w9', error: { code: 'not-found' } },
    ]);
    expect(service.state).toBe('On');
  });
});

describe('pilotlight reinstall --now', () => {
  const begun = {
    key: MAC,
    name: 'w1',
    fromNetwork: true,
    restarted: true,
    until: 'installed',
    state: 'on',
    text: 'cycled',
  };
  const row = { key: MAC, name: 'w1', boots: [] };
  const view = (state: 'failed' | 'installed' | 'installing', since: number) => () =>
    Promise.resolve({ row: { ...row, state, since }, boots: [], because: '', texts: [] });

  test.each(['power', 'reinstallNow'] as const)(
    '%s that is refused, or not answered in time, is exit status 1',
    async (does) => {
      const argv = does === 'power' ? ['power', 'status', 'w1'] : ['reinstall', 'w1', '--now'];
      for (const code of ['refused', 'not-found', 'unavailable', 'conflict'] as const) {
        const setup = await cliSetup({ [does]: () => Promise.reject(new Failure(code, 'bmc has not answered')) });
        const done = await runAt(setup.dir, argv);
        expect([done.code, done.stderr], code).toEqual([1, expect.stringContaining('bmc has not answered')]);
      }
    },
  );

  test.each([
    ['it is installed', Date.now(), view('installed', Date.now() + 1), 0, 'w1 is installed, after'],
    ['its installation fails', Date.now(), view('failed', Date.now() + 1), 1, 'the installation of w1 has failed'],
    ['it has not reported in time', 1, view('installing', 2), 1, 'w1 has not reported in time: it is installing'],
  ])('%s', async (_, at, machine, exit, told) => {
    const setup = await cliSetup({ reinstallNow: () => Promise.resolve({ ...begun, at } as never), machine });
    const { code, stdout, stderr } = await runAt(setup.dir, ['reinstall', 'w1', '--now']);
    expect([code, stdout + stderr]).toEqual([exit, expect.stringContaining(told)]);
  });
});

test.each([
  [['power', 'up', 'w1'], 'what is to be done? one of on, off, cycle, status'],
  [['power', 'on'], 'expected on|off|cycle|status NODE|MAC...'],
  [['reinstall', 'w1', '--now', '--timeout', '0'], '--timeout must be a number of minutes'],
  [['reinstall', 'w1', '--now', '--cancel'], '--now and --cancel exclude each other'],
])('%j is called wrongly: exit status 2', async (argv, told) => {
  const { code, stderr } = await runAt(makeFolder(), argv);
  expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
});
