import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asFailure, failureLine, Failure } from '../../src/model/failure.ts';
import type { Power } from '../../src/model/power.ts';
import { createPower, type PoweredNode, type PowerOptions } from '../../src/power/power.ts';
import type { ProgramEnd, RunProgram } from '../../src/power/program.ts';
import { contextOf } from '../support/app-context.ts';

const MAC = '52:54:00:55:1c:ee';
const BMC = { host: '10.0.0.9', user: 'ops', password: { file: 'secrets/bmc1' } };
const SECRET = 'correct horse';

/** A node of profiles/a.json, as the catalog reads it. */
async function nodeWith(power: Power | undefined, more: object = {}): Promise<PoweredNode> {
  const nodes = [
    { name: 'other', mac: '525400000001' },
    { name: 'w1', mac: MAC, ip: '10.0.0.2', power, ...more },
  ];
  const { catalog } = await contextOf({ 'profiles/a.json': { system: 'custom', kernel: 'k', nodes } });
  const profile = catalog.current().profiles.get('a');
  const node = profile?.nodes[1];
  if (profile === undefined || node === undefined) throw new TypeError(JSON.stringify(catalog.current().problems));
  return { profile, node };
}

interface Call {
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Programs that end as they are told, one after the other. */
function programs(...ends: readonly (Partial<ProgramEnd> | Error)[]): { run: RunProgram; calls: Call[] } {
  const left = [...ends];
  const calls: Call[] = [];
  return {
    calls,
    run: async (program, { env }) => {
      calls.push({ program, env });
      const end = left.shift() ?? {};
      if (end instanceof Error) throw end;
      return await Promise.resolve({ code: 0, stdout: '', stderr: '', ...end });
    },
  };
}

function powerWith(more: Partial<PowerOptions> = {}) {
  return createPower({
    secrets: { read: () => Promise.resolve(SECRET) },
    allowed: [],
    wait: () => Promise.resolve(),
    ...more,
  });
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  return asFailure(
    await work.then(
      () => new Failure('invalid', 'it did not fail'),
      (error: unknown) => error,
    ),
  );
}

describe('IPMI', () => {
  const ON = { stdout: 'Chassis Power is on\n' };
  const OFF = { stdout: 'Chassis Power is off\n' };

  it('asks ipmitool, with the password in its environment and never among its arguments', async () => {
    const { run, calls } = programs(ON);
    const done = await powerWith({ run }).act(await nodeWith({ ipmi: { ...BMC, port: 9001, cipher: 3 } }), 'status');
    expect(done).toEqual({ state: 'on', text: 'power is on' });
    expect(calls).toEqual([
      {
        program: 'ipmitool -v -I lanplus -N 2 -R 3 -H 10.0.0.9 -p 9001 -U ops -E -C 3 chassis power status'.split(' '),
        env: { IPMI_PASSWORD: SECRET },
      },
    ]);
  });

  it.each([
    ['on', [{}], ['power on'], 'switched on by IPMI'],
    ['off', [{}], ['power off'], 'switched off by IPMI'],
    ['cycle', [ON, {}], ['power status', 'power cycle'], 'switched off and on by IPMI'],
    ['cycle', [OFF, {}], ['power status', 'power on'], 'switched on by IPMI'],
  ] as const)('%s', async (action, ends, words, text) => {
    const { run, calls } = programs(...ends);
    expect(await powerWith({ run }).act(await nodeWith({ ipmi: BMC }), action)).toMatchObject({ text });
    expect(calls.map(({ program }) => program.join(' ').replace(/.* chassis /, ''))).toEqual(words);
  });

  it('lets the next boot come from the network', async () => {
    const { run, calls } = programs({});
    expect(await powerWith({ run }).bootFromNetwork(await nodeWith({ ipmi: BMC }))).toBe(true);
    expect(calls[0]?.program.slice(-3)).toEqual(['chassis', 'bootdev', 'pxe']);
  });

  // As ipmitool 1.8.19 prints them, asked of OpenIPMI's ipmi_sim.
  it.each([
    ['> RAKP 2 HMAC is invalid\nError: Unable to establish', 'refused', 'does not take the password of ops'],
    ['RAKP 2 message indicates an error : unauthorized name\nError: Unable', 'refused', 'knows no user ops'],
    ['Set Chassis Power Control to Up/On failed: Insufficient privilege level', 'refused', 'does not let ops do that'],
    ['Error in open session response message : invalid authentication algorithm', 'unavailable', 'cipher suite'],
    ['Address lookup for x failed\nCould not open socket!', 'unavailable', 'the name 10.0.0.9 is not known here'],
    [
      'Get Auth Capabilities error\nError: Unable to establish',
      'unavailable',
      'no IPMI controller answers at 10.0.0.9',
    ],
    [`odd: ${SECRET} is what I got`, 'unavailable', 'odd: *** is what I got'],
  ])('says what is wrong: %s', async (stderr, code, text) => {
    const { run } = programs({ code: 1, stderr: `Loading IANA PEN Registry...\n${stderr}\n` });
    const failure = await failureOf(powerWith({ run }).act(await nodeWith({ ipmi: BMC }), 'on'));
    expect([failure.code, failure.place]).toEqual([code, { file: 'profiles/a.json', key: 'nodes[1].power' }]);
    expect(failure.message).toContain(text);
    expect(failureLine(failure)).not.toContain(SECRET);
  });

  it('says how to install ipmitool where it is missing', async () => {
    const { run } = programs(new Failure('not-found', 'there is no program ipmitool on this server'));
    const failure = await failureOf(powerWith({ run }).act(await nodeWith({ ipmi: BMC }), 'on'));
    expect(failureLine(failure)).toBe(
      'profiles/a.json nodes[1].power: ipmitool is not installed on this server (apt install ipmitool)',
    );
  });

  it('asks one controller one thing at a time, and another one meanwhile', async () => {
    let running = 0;
    const most: number[] = [];
    const release: (() => void)[] = [];
    const run: RunProgram = async () => {
      running += 1;
      most.push(running);
      await new Promise<void>((resolve) => release.push(resolve));
      running -= 1;
      return { code: 0, stdout: 'Chassis Power is on', stderr: '' };
    };
    const power = powerWith({ run });
    const [one, same, other] = await Promise.all([
      nodeWith({ ipmi: BMC }),
      nodeWith({ ipmi: { ...BMC, user: 'other' } }),
      nodeWith({ ipmi: { ...BMC, host: '10.0.0.10' } }),
    ]);
    const all = Promise.all([power.act(one, 'status'), power.act(same, 'status'), power.act(other, 'status')]);
    for (let i = 0; i < 3; i += 1) {
      await expect.poll(() => release.length).toBeGreaterThan(0);
      release.shift()?.();
    }
    await all;
    expect(most).toEqual([1, 2, expect.toBeOneOf([1, 2])]);
  });
});

describe('a command', () => {
  const NODE = process.execPath;
  const script = (text: string): readonly string[] => [NODE, '-e', text];

  it('runs without a shell, and without the environment of the server', async () => {
    process.env['PILOTLIGHT_TEST_LEAK'] = 'leaked';
    const out = `${(await contextOf({})).dir}/out`;
    const on = script(
      `require('fs').writeFileSync(${JSON.stringify(out)}, JSON.stringify([process.env, process.argv]))`,
    );
    const power = powerWith({ allowed: [NODE] });
    const machine = await nodeWith({ command: { on: [...on, '$(id); `id` > /tmp/x', ''] } });
    expect(await power.act(machine, 'on')).toEqual({ state: 'on', text: `switched on by ${NODE}` });
    const [env, argv] = JSON.parse(readFileSync(out, 'utf8')) as [Record<string, string>, string[]];
    expect(argv.slice(1)).toEqual(['$(id); `id` > /tmp/x', '']);
    expect(Object.keys(env).sort()).toEqual(['HOME', 'LC_ALL', 'NODE_IP', 'NODE_MAC', 'NODE_NAME', 'PATH']);
    expect([env['NODE_NAME'], env['NODE_MAC'], env['NODE_IP']]).toEqual(['w1', MAC, '10.0.0.2']);
  });

  it('runs only programs that the settings name: who may edit a profile may not run programs here', async () => {
    const failure = await failureOf(
      powerWith({ allowed: ['/usr/bin/virsh'] }).act(await nodeWith({ command: { on: script('') } }), 'on'),
    );
    expect(failure).toMatchObject({
      code: 'refused',
      message: `profiles may not run ${NODE}`,
      remedy: `add it to PILOTLIGHT_POWER_COMMANDS: /usr/bin/virsh,${NODE}`,
    });
  });

  it.each([
    ['console.log("ON and well")', { state: 'on', text: 'power is on' }],
    ['console.log("off")', { state: 'off', text: 'power is off' }],
  ])('says whether it is on: %s', async (text, outcome) => {
    const machine = await nodeWith({ command: { status: script(text) } });
    expect(await powerWith({ allowed: [NODE] }).act(machine, 'status')).toEqual(outcome);
  });

  it.each([
    ['console.log("only")', 'says neither on nor off'],
    [
      'console.error("first"); console.error("the plug\\u001b[2J is gone"); process.exit(3)',
      'status 3): the plug [2J is gone',
    ],
    ['process.kill(process.pid)', 'failed (killed)'],
  ])('that fails says how: %s', async (text, message) => {
    const machine = await nodeWith({ command: { status: script(text) } });
    const failure = await failureOf(powerWith({ allowed: [NODE] }).act(machine, 'status'));
    expect(failure.message).toContain(message);
  });

  it('that is not there is told', async () => {
    const machine = await nodeWith({ command: { on: ['/nonexistent/plug'] } });
    const failure = await failureOf(powerWith({ allowed: ['/nonexistent/plug'] }).act(machine, 'on'));
    expect(failure).toMatchObject({
      code: 'not-found',
      message: 'there is no program /nonexistent/plug on this server',
    });
  });

  it('cycles by off, a pause and on where it knows no cycle', async () => {
    const { run, calls } = programs();
    const waited: number[] = [];
    const wait = (ms: number): Promise<void> => Promise.resolve(void waited.push(ms));
    const machine = await nodeWith({ command: { on: ['/p', 'on'], off: ['/p', 'off'] } });
    const power = powerWith({ run, wait, allowed: ['/p'] });
    expect(power.about(machine)).toEqual({ by: 'a command', does: ['on', 'off', 'cycle'] });
    expect(await power.act(machine, 'cycle')).toEqual({ state: 'on', text: 'switched off and on by a command' });
    expect(calls.map(({ program }) => program[1])).toEqual(['off', 'on']);
    expect(waited).toEqual([5000]);
  });

  it('says what it cannot do', async () => {
    const power = powerWith({ allowed: ['/p'] });
    const machine = await nodeWith({ command: { on: ['/p', 'on'] } });
    expect(power.about(machine).does).toEqual(['on']);
    expect(failureLine(await failureOf(power.act(machine, 'off')))).toBe(
      'profiles/a.json nodes[1].power: a command cannot switch off here (it only switches on; docs/power.md has other ways)',
    );
    expect(await power.bootFromNetwork(machine)).toBe(false);
  });
});

it('a node without power says where to write it', async () => {
  const failure = await failureOf(powerWith().act(await nodeWith(undefined), 'on'));
  expect(failure).toMatchObject({
    code: 'conflict',
    message: 'profiles/a.json does not say how w1 is switched on and off',
  });
});
