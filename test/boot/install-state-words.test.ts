import { describe, expect, it } from 'vitest';
import type { MatchedMachine, InstallState } from '../../src/boot/decide.ts';
import { matchedDecision, installStateLines, installStateReason } from '../../src/boot/install-state-words.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { byMac, MAC, NOON, TARGET, UUID } from '../machines/marks.ts';
import { factsOf } from '../support/house.ts';
import { profileOf } from '../os/sample.ts';

const FACTS = factsOf({ mac: MAC });
const NODE = { name: 'a-worker', vars: {}, ...FACTS };
const MARK: InstallMark = { key: MAC, machine: byMac().machine, ...TARGET, state: 'installed', since: NOON, tries: 1 };
const UNFINISHED: InstallState = { kind: 'unfinished', begun: NOON, ago: 12_700, attempt: 1, limit: 3 };

function matched(installState: InstallState, node: typeof NODE | null = NODE): MatchedMachine {
  const profile = profileOf({});
  return { installState, match: node === null ? { profile, by: 'default' } : { profile, node, by: 'mac' } };
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
  ])('%j', (installState, reason) => {
    expect(installStateReason(matched(installState), FACTS)).toBe(reason);
  });

  it('names the machine as an operator can type it', () => {
    const command = (facts: Parameters<typeof factsOf>[0]): string | undefined =>
      /`pilotlight reinstall (.*?)`/.exec(
        installStateReason(matched({ kind: 'stopped', tries: 1 }, null), factsOf(facts)) ?? '',
      )?.[1];
    expect(command({ mac: MAC })).toBe('52-54-00-55-1c-ee');
    expect([command({ uuid: UUID }), command({ serial: 'X1' })]).toEqual([`uuid:${UUID}`, 'serial:X1']);
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
    ] as const
  ).map((installState) => matchedDecision(matched(installState), FACTS).outcome);
  expect(outcomes).toEqual(['boot', 'install', 'local', 'waiting', 'waiting', 'waiting']);
  expect(matchedDecision(matched({ kind: 'boot' }), FACTS, 'waiting').outcome).toBe('waiting');
  // The journal tells by it a machine that waits for its installation from one that waits for its image.
  expect(matchedDecision(matched(UNFINISHED), FACTS).installation).toBe('unfinished');
  expect(matchedDecision(matched({ kind: 'stopped', tries: 3 }), FACTS).installation).toBe('stopped');
  expect(matchedDecision(matched({ kind: 'boot' }), FACTS, 'waiting')).not.toHaveProperty('installation');
  expect(matchedDecision(matched(UNFINISHED), FACTS).because).toBe(
    `mac ${MAC} is node a-worker of profiles/sample.json; ${installStateReason(matched(UNFINISHED), FACTS) ?? ''}`,
  );
});

it('only who waits is told so on its screen, with how long it is to be', () => {
  expect(installStateLines(matched(UNFINISHED), FACTS)?.join('\n')).toMatch(
    /began 12 s ago \(try 1 of 3\)[^]*again in 48 s/,
  );
  expect(installStateLines(matched({ kind: 'stopped', tries: 3 }), FACTS)).toContain('pilotlight reinstall a-worker');
  expect(installStateLines(matched({ kind: 'nameless' }), FACTS)?.length).toBeGreaterThan(0);
  const waiting: readonly InstallState[] = [
    { kind: 'claimed', mark: MARK, claim: { address: '10.0.0.7', at: NOON } },
    { kind: 'alike', mark: MARK, by: 'nic' },
    { kind: 'unknown', why: 'no disk', damaged: true },
  ];
  const told = waiting.map(
    (installState) => installStateLines(matched(installState), factsOf({ mac: MAC, uuid: UUID })) ?? [],
  );
  expect(told.map((lines) => lines.at(-1))).toEqual([
    'pilotlight release a-worker',
    `pilotlight reinstall uuid:${UUID}`,
    'pilotlight reinstall a-worker',
  ]);
  for (const installState of waiting) {
    expect(matchedDecision(matched(installState), FACTS)).toMatchObject({ outcome: 'waiting', installation: 'held' });
  }
  expect(installStateLines(matched({ kind: 'boot' }), FACTS)).toBeUndefined();
  expect(installStateLines(matched({ kind: 'local' }), FACTS)).toBeUndefined();
});
