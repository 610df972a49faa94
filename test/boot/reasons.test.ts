import { describe, expect, it } from 'vitest';
import type { InstallState, MachineDecision } from '../../src/boot/decide.ts';
import { identityQuery } from '../../src/boot/machine-plan.ts';
import { because, decided, decisionOf, installStateLines, installStateReason, whoIs } from '../../src/boot/reasons.ts';
import type { Match } from '../../src/catalog/snapshot.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { hasIdentity } from '../../src/model/machine.ts';
import { byMac, MAC, NOON, TARGET, UUID } from '../machines/marks.ts';
import { profileOf } from '../os/sample.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

async function matchOf(told: Parameters<typeof factsOf>[0]) {
  const { catalog } = await contextOf({
    'profiles/p.json': {
      system: 'custom',
      kernel: 'k',
      version: '7',
      nodes: [
        { name: 'm', mac: '525400551cee' },
        { name: 'u', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
        { name: 's', serial: 'A B' },
      ],
    },
    'profiles/d.json': { system: 'custom', kernel: 'k', default: true },
  });
  const facts = factsOf(told);
  const match = catalog.current().match(facts);
  if (match === undefined) throw new TypeError('no match');
  return { match, facts };
}

describe('because and identityQuery', () => {
  it.each([
    [
      { mac: '525400551cee', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
      'mac 52:54:00:55:1c:ee is node m of profiles/p.json',
      '?mac=52-54-00-55-1c-ee',
    ],
    [
      { mac: '525400000001', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
      'uuid c6c30f6a-4a1b-4337-8325-c4c2543ad437 is node u of profiles/p.json',
      '?mac=52-54-00-00-00-01&uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    ],
    [
      { mac: '525400000001', serial: 'A B' },
      'serial A B is node s of profiles/p.json',
      '?mac=52-54-00-00-00-01&serial=A%20B',
    ],
    [{ serial: 'other' }, 'no profile names serial other; profiles/d.json is the default', '?serial=other'],
    [
      { uuid: '11111111-1111-1111-1111-111111111111' },
      'no profile names uuid 11111111-1111-1111-1111-111111111111; profiles/d.json is the default',
      '?uuid=11111111-1111-1111-1111-111111111111',
    ],
  ])('%j', async (told, reason, query) => {
    const { match, facts } = await matchOf(told);
    expect(because(match, facts)).toBe(reason);
    expect(identityQuery(facts, match)).toBe(query);
  });

  it('a machine without identity has no query', async () => {
    const { match, facts } = await matchOf({});
    expect(identityQuery(facts, match)).toBe('');
    expect(hasIdentity(facts)).toBe(false);
    expect(whoIs(facts)).toContain('neither mac, uuid nor serial');
  });

  it('a decision carries profile, node and version as far as there are any', async () => {
    const { match, facts } = await matchOf({ mac: '525400551cee' });
    expect(decisionOf(match, { facts, origin: originOf() }, 'waiting')).toMatchObject({
      outcome: 'waiting',
      profile: 'p',
      node: 'm',
      version: '7',
    });
    const other = await matchOf({ serial: 'x7' });
    expect(decisionOf(other.match, { facts: other.facts, origin: originOf() }, 'boot')).toMatchObject({
      profile: 'd',
      node: undefined,
      version: undefined,
      identity: { key: 'serial:x7' },
    });
  });
});

const OTHER = '11111111-2222-3333-4444-555555555555';
const FACTS = factsOf({ mac: MAC });
const NODE = { name: 'a-worker', vars: {}, ...FACTS };
const MARK: InstallMark = { key: MAC, machine: byMac().machine, ...TARGET, state: 'installed', since: NOON, tries: 1 };
const REFUSED: InstallState = { kind: 'refused', report: { at: NOON, address: '10.0.0.66' } };
const UNFINISHED: InstallState = { kind: 'unfinished', begun: NOON, ago: 12_700, attempt: 1, limit: 3 };

function machine(installState: InstallState, node: typeof NODE | null = NODE, facts = FACTS): MachineDecision {
  const profile = profileOf({});
  const match: Match = node === null ? { profile, by: 'default' } : { profile, node, by: 'mac' };
  return {
    installState,
    match,
    build: undefined,
    identity: undefined,
    life: undefined,
    question: { facts, origin: originOf() },
  };
}

describe('the reason', () => {
  it.each<[InstallState, string | undefined]>([
    [{ kind: 'boot' }, undefined],
    [{ kind: 'local' }, undefined],
    [{ kind: 'install', target: TARGET, attempt: 2, limit: 3 }, 'installs to /dev/sda, try 2 of 3'],
    [
      { kind: 'local', mark: MARK },
      'installed from profiles/worker.json since 2026-11-21 12:00:00 UTC (`pilotlight reinstall a-worker` installs it again)',
    ],
    [
      { kind: 'claimed', mark: MARK, claim: { address: '10.0.0.7', mac: NODE.mac, at: NOON } },
      'its installer left for 10.0.0.7 (52:54:00:55:1c:ee) at 2026-11-21 12:00:00 UTC (`pilotlight release a-worker` lets it go)',
    ],
    [
      { kind: 'alike', mark: MARK, by: 'serial' },
      `it looks like the machine ${MAC} (it is installed): its serial number is the same (\`pilotlight reinstall 52-54-00-55-1c-ee\` installs it all the same)`,
    ],
    [
      { kind: 'alike', mark: { ...MARK, state: 'seen' }, by: 'mac' },
      `it looks like the machine ${MAC} (a profile names it): its network card is the same (\`pilotlight reinstall 52-54-00-55-1c-ee\` installs it all the same)`,
    ],
    [{ kind: 'unknown', why: 'no disk' }, 'no disk, so it is not installed'],
    [
      { kind: 'unknown', why: 'state/machines/x.json cannot be understood', damaged: true },
      'state/machines/x.json cannot be understood, so it is not installed (`pilotlight reinstall a-worker` installs it again)',
    ],
    [UNFINISHED, 'its installation began at 2026-11-21 12:00:00 UTC (try 1 of 3) and is not reported as finished'],
    [
      { kind: 'stopped', tries: 3 },
      'its installation began 3 times and was never reported as finished (`pilotlight reinstall a-worker` installs it again)',
    ],
    [{ kind: 'nameless' }, 'it says nothing by which it could be known as installed afterwards'],
    [
      { kind: 'stopped', tries: 1 },
      'its installation began once and was never reported as finished (`pilotlight reinstall a-worker` installs it again)',
    ],
    [
      REFUSED,
      'a report that it is installed came from 10.0.0.66 at 2026-11-21 12:00:00 UTC and did not count (`pilotlight reinstall a-worker` installs it again)',
    ],
    [
      { kind: 'local', mark: { ...MARK, state: 'claimed', claim: { address: '10.0.0.7', at: NOON + 1000 } } },
      'the installer of profiles/worker.json left for it once, at 2026-11-21 12:00:01 UTC, and has not reported (`pilotlight reinstall a-worker` installs it again)',
    ],
    [
      { kind: 'local', mark: { ...MARK, state: 'installing' } },
      'the installer of profiles/worker.json left for it once, at 2026-11-21 12:00:00 UTC, and has not reported (`pilotlight reinstall a-worker` installs it again)',
    ],
    [
      { kind: 'claimed', mark: MARK, claim: { address: '10.0.0.7', at: NOON } },
      'its installer left for 10.0.0.7 at 2026-11-21 12:00:00 UTC (`pilotlight release a-worker` lets it go)',
    ],
  ])('%j', (installState, reason) => {
    expect(installStateReason(machine(installState))).toBe(reason);
  });

  it.each([
    ['mac', 'seen', `the machine ${MAC} (a profile names it): its network card is the same`],
    ['uuid', 'claimed', `the machine ${MAC} (its installer left): its UUID ${UUID} is the same`],
    ['serial', 'installing', `the machine ${MAC} (it is being installed): its serial number is the same`],
    ['mac', 'installed', `the machine ${MAC} (it is installed): its network card is the same`],
    [
      'nic',
      'erase-pending',
      `the machine ${MAC} with the UUID ${OTHER} (it is to be installed anew): its network card is the same, its UUID is not`,
    ],
  ] as const)('says whom it looks like, by its %s', (by, state, words) => {
    const mark = { ...MARK, state, machine: factsOf({ mac: MAC, uuid: OTHER }) };
    const it = machine({ kind: 'alike', mark, by }, NODE, factsOf({ mac: MAC, uuid: UUID }));
    const typed = by === 'nic' ? `uuid:${UUID}` : '52-54-00-55-1c-ee';
    expect(installStateReason(it)).toBe(
      `it looks like ${words} (\`pilotlight reinstall ${typed}\` installs it all the same)`,
    );
    expect(installStateLines(it)).toContain(`pilotlight reinstall ${typed}`);
    expect(installStateLines(it)?.join(' ')).toContain(words);
  });

  it('what an operator allowed once is allowed by the same command again', () => {
    const asked = machine({ kind: 'stopped', tries: 3 });
    const once = { ...asked, match: { ...asked.match, once: 'used' as const } };
    expect(installStateReason(once)).toContain('(`pilotlight boot a-worker --once sample` installs it again)');
    expect(installStateLines(once)).toContain('pilotlight boot a-worker --once sample');
  });

  it('names the machine as an operator can type it', () => {
    const command = (facts: Parameters<typeof factsOf>[0]): string | undefined =>
      /`pilotlight reinstall (.*?)`/.exec(
        installStateReason(machine({ kind: 'stopped', tries: 1 }, null, factsOf(facts))) ?? '',
      )?.[1];
    expect(command({ mac: MAC })).toBe('52-54-00-55-1c-ee');
    expect([command({ uuid: UUID }), command({ serial: 'X1' })]).toEqual([`uuid:${UUID}`, 'serial:X1']);
    expect(command({})).toBe('serial:');
  });
});

it('the decision says what happens and both reasons', () => {
  const outcomes = (
    [
      { kind: 'boot' },
      { kind: 'install', target: TARGET, attempt: 1, limit: 3 },
      { kind: 'local' },
      UNFINISHED,
      { kind: 'stopped', tries: 1 },
      { kind: 'nameless' },
      REFUSED,
    ] as const
  ).map((installState) => decided(machine(installState)).outcome);
  expect(outcomes).toEqual(['boot', 'install', 'local', 'waiting', 'waiting', 'waiting', 'waiting']);
  const obstacle = { kind: 'images', missing: ['k'] } as const;
  expect(decided({ ...machine({ kind: 'boot' }), obstacle }).outcome).toBe('waiting');
  // The journal tells by it a machine that waits for its installation from one that waits for its image.
  expect(decided(machine(UNFINISHED)).installation).toBe('unfinished');
  expect(decided(machine({ kind: 'stopped', tries: 3 })).installation).toBe('stopped');
  expect(decided(machine(REFUSED)).installation).toBe('stopped');
  expect(decided(machine({ kind: 'nameless' })).installation).toBeUndefined();
  expect(decided(machine({ kind: 'local', mark: MARK })).installed).toBe(true);
  expect(decided(machine({ kind: 'local', mark: { ...MARK, state: 'installing' } })).installed).toBeUndefined();
  expect(decided(machine({ kind: 'local' })).installed).toBeUndefined();
  expect(decided(machine({ kind: 'stopped', tries: 3 }, null), 'look at it')).toMatchObject({
    because: expect.stringMatching(/the default; its installation began 3 times.*; look at it$/) as string,
    warning: 'look at it',
  });
  expect(decided({ ...machine({ kind: 'boot' }), obstacle }).installation).toBeUndefined();
  expect(decided(machine(UNFINISHED)).because).toBe(
    `mac ${MAC} is node a-worker of profiles/sample.json; ${installStateReason(machine(UNFINISHED)) ?? ''}`,
  );
});

it('only who waits is told so on its screen, with how long it is to be', () => {
  expect(installStateLines(machine(UNFINISHED))?.join('\n')).toMatch(/began 12 s ago \(try 1 of 3\)[^]*again in 48 s/);
  expect(installStateLines(machine({ kind: 'stopped', tries: 3 }))).toContain('pilotlight reinstall a-worker');
  const refused = installStateLines(machine(REFUSED)) ?? [];
  expect(refused.join('\n')).toContain('came from 10.0.0.66');
  expect(refused.join('\n')).toContain('2026-11-21 12:00:00 UTC');
  expect(refused).toContain('pilotlight reinstall a-worker');
  expect(installStateLines(machine({ kind: 'unknown', why: 'no disk' }))?.join()).not.toContain('pilotlight ');
  expect(installStateLines(machine({ kind: 'nameless' }))?.length).toBeGreaterThan(0);
  const waiting: readonly InstallState[] = [
    { kind: 'claimed', mark: MARK, claim: { address: '10.0.0.7', at: NOON } },
    { kind: 'alike', mark: MARK, by: 'nic' },
    { kind: 'unknown', why: 'no disk', damaged: true },
  ];
  const told = waiting.map(
    (installState) => installStateLines(machine(installState, NODE, factsOf({ mac: MAC, uuid: UUID }))) ?? [],
  );
  expect(told.map((lines) => lines.at(-1))).toEqual([
    'pilotlight release a-worker',
    `pilotlight reinstall uuid:${UUID}`,
    'pilotlight reinstall a-worker',
  ]);
  for (const installState of waiting) {
    expect(decided(machine(installState))).toMatchObject({ outcome: 'waiting', installation: 'held' });
  }
  expect(installStateLines(machine({ kind: 'boot' }))).toBeUndefined();
  expect(installStateLines(machine({ kind: 'local' }))).toBeUndefined();
});
