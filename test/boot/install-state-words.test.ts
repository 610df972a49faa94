import { describe, expect, it } from 'vitest';
import type { Placed, Standing } from '../../src/boot/decide.ts';
import { placedDecision, standingLines, standingReason } from '../../src/boot/install-state-words.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { byMac, MAC, NOON, TARGET, UUID } from '../machines/marks.ts';
import { factsOf } from '../support/house.ts';
import { profileOf } from '../os/sample.ts';

const FACTS = factsOf({ mac: MAC });
const NODE = { name: 'a-worker', vars: {}, ...FACTS };
const MARK: InstallMark = { key: MAC, machine: byMac().machine, ...TARGET, state: 'installed', since: NOON, tries: 1 };
const UNFINISHED: Standing = { kind: 'unfinished', begun: NOON, ago: 12_700, attempt: 1, limit: 3 };

function placed(standing: Standing, node: typeof NODE | null = NODE): Placed {
  const profile = profileOf({});
  return { standing, match: node === null ? { profile, by: 'default' } : { profile, node, by: 'mac' } };
}

describe('the reason', () => {
  it.each<[Standing, string | undefined]>([
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
  ])('%j', (standing, reason) => {
    expect(standingReason(placed(standing), FACTS)).toBe(reason);
  });

  it('names the machine as an operator can type it', () => {
    const command = (facts: Parameters<typeof factsOf>[0]): string | undefined =>
      /`pilotlight reinstall (.*?)`/.exec(
        standingReason(placed({ kind: 'stopped', tries: 1 }, null), factsOf(facts)) ?? '',
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
  ).map((standing) => placedDecision(placed(standing), FACTS).outcome);
  expect(outcomes).toEqual(['boot', 'install', 'local', 'waiting', 'waiting', 'waiting']);
  expect(placedDecision(placed({ kind: 'boot' }), FACTS, 'waiting').outcome).toBe('waiting');
  // The journal tells by it a machine that waits for its installation from one that waits for its image.
  expect(placedDecision(placed(UNFINISHED), FACTS).installation).toBe('unfinished');
  expect(placedDecision(placed({ kind: 'stopped', tries: 3 }), FACTS).installation).toBe('stopped');
  expect(placedDecision(placed({ kind: 'boot' }), FACTS, 'waiting')).not.toHaveProperty('installation');
  expect(placedDecision(placed(UNFINISHED), FACTS).because).toBe(
    `mac ${MAC} is node a-worker of profiles/sample.json; ${standingReason(placed(UNFINISHED), FACTS) ?? ''}`,
  );
});

it('only who waits is told so on its screen, with how long it is to be', () => {
  expect(standingLines(placed(UNFINISHED), FACTS)?.join('\n')).toMatch(
    /began 12 s ago \(try 1 of 3\)[^]*again in 48 s/,
  );
  expect(standingLines(placed({ kind: 'stopped', tries: 3 }), FACTS)).toContain('pilotlight reinstall a-worker');
  expect(standingLines(placed({ kind: 'nameless' }), FACTS)?.length).toBeGreaterThan(0);
  const waiting: readonly Standing[] = [
    { kind: 'claimed', mark: MARK, claim: { address: '10.0.0.7', at: NOON } },
    { kind: 'alike', mark: MARK, by: 'nic' },
    { kind: 'unknown', why: 'no disk', damaged: true },
  ];
  const told = waiting.map((standing) => standingLines(placed(standing), factsOf({ mac: MAC, uuid: UUID })) ?? []);
  expect(told.map((lines) => lines.at(-1))).toEqual([
    'pilotlight release a-worker',
    `pilotlight reinstall uuid:${UUID}`,
    'pilotlight reinstall a-worker',
  ]);
  for (const standing of waiting) {
    expect(placedDecision(placed(standing), FACTS)).toMatchObject({ outcome: 'waiting', installation: 'held' });
  }
  expect(standingLines(placed({ kind: 'boot' }), FACTS)).toBeUndefined();
  expect(standingLines(placed({ kind: 'local' }), FACTS)).toBeUndefined();
});
