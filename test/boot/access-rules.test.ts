import { describe, expect, test } from 'vitest';
import { type AccessOptions, createAccess } from '../../src/boot/access.ts';
import type { Incident } from '../../src/boot/incidents.ts';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import type { Match } from '../../src/catalog/snapshot.ts';
import { createTokenSource } from '../../src/machines/machine-token.ts';
import { type InstallMark, MARK_STATES } from '../../src/machines/mark.ts';
import { type MachineFacts, parseMac } from '../../src/model/machine.ts';
import type { Node, Profile } from '../../src/model/profile.ts';
import { factsOf, nameOf } from '../support/app-context.ts';

// Which token counts for what, rule by rule: the marks and the network are made up, the tokens are real.
const W1 = '52:54:00:55:1c:ee';
const CARD = '52:54:00:66:66:66';
const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
const AT = '10.0.0.7';
const NOON = Date.UTC(2026, 10, 21, 12);
const CLAIM = NOON - 5_000;
const DAY = 86_400_000;
const secrets = buildProfile(nameOf('s'), 'profiles/s.json', {
  ...{ system: 'custom', kernel: 'k', secrets: true, install: { disk: '/dev/vda' } },
  nodes: [
    { name: 'w1', mac: W1 },
    { name: 'w2', uuid: UUID },
    { name: 'w3', mac: '52:54:00:55:1c:e3', serial: 'S3' },
  ],
});
const open = buildProfile(nameOf('open'), 'profiles/open.json', { system: 'custom', kernel: 'k' });

function nodeOf(name: string): Node {
  const node = secrets.nodes.find((one) => one.name === name);
  if (node === undefined) throw new TypeError('the test is wrong');
  return node;
}

const w1: Match = { profile: secrets, node: nodeOf('w1'), by: 'mac' };
const who = { key: W1, also: [], machine: factsOf({ mac: W1 }) };

function markOf(more: Partial<InstallMark>): InstallMark {
  const base = { key: W1, machine: {}, profile: 's', disk: '/dev/vda', since: NOON, tries: 1, tokens: CLAIM } as const;
  return { ...base, state: 'installing', ...more };
}

function standing(more: Partial<AccessOptions> = {}, mark?: InstallMark) {
  const incidents: Incident[] = [];
  const clock = { now: NOON };
  const tokens = createTokenSource(Buffer.alloc(32, 7));
  const access = createAccess({
    tokens,
    marks: { of: () => mark },
    macOf: async () => Promise.resolve(parseMac(W1)),
    isRouted: () => false,
    reports: undefined,
    onIncident: (incident) => incidents.push(incident),
    now: () => clock.now,
    ...more,
  });
  const boot = (claim: number, key: string = W1) => access.issue({ ...who, key }, claim, AT).boot;
  const asked = (token?: string) => ({ facts: factsOf({ mac: W1 }), asker: AT, token, origin: undefined as never });
  const document = async (token?: string, match = w1) => access.document(match, asked(token), 'configs/s.yml');
  const report = (what: 'installed' | 'up', token?: string, profile: Profile | undefined = secrets) =>
    access.report({ what, who, mark, profile, ...asked(token) });
  return { access, tokens, boot, document, report, incidents, clock, asked };
}

const OVER = 'with a token of an installation that is over';
const none = 'without a token';

describe('a token of an installation', () => {
  test.each(MARK_STATES)('fetches documents while the installer is on its way (%s)', async (state) => {
    const { boot, document } = standing({}, markOf({ state }));
    const token = boot(CLAIM);
    if (state === 'claimed' || state === 'installing') expect((await document(token))?.boot).toBe(token);
    else await expect(document(token)).rejects.toThrow(`its documents go to the machine alone: asked ${OVER}`);
  });

  test.each(MARK_STATES)('counts for its report in whatever state (%s)', (state) => {
    const { boot, report, incidents } = standing({}, markOf({ state }));
    expect(report('installed', boot(CLAIM))).toBeUndefined();
    expect(report('up', boot(CLAIM))).toBeUndefined();
    expect(incidents).toEqual([]);
  });

  test.each(MARK_STATES)('of an earlier one counts for nothing, but ends nothing either (%s)', async (state) => {
    const { boot, document, report } = standing({}, markOf({ state }));
    const token = boot(CLAIM - 1);
    await expect(document(token)).rejects.toThrow(OVER);
    expect(report('installed', token)).toBe(state === 'erase-pending' ? undefined : OVER);
    expect(report('up', token)).toBe(OVER);
  });

  test('is over where no mark is left', async () => {
    const { boot, document, report } = standing();
    await expect(document(boot(CLAIM))).rejects.toThrow(OVER);
    expect(report('installed', boot(CLAIM))).toBe(OVER);
  });
});

describe('a token of no installation', () => {
  test('fetches documents for a day, and that the machine is up may be said with it for two', async () => {
    const { boot, document, report, clock } = standing();
    const token = boot(0);
    const links = await document(token);
    expect(links?.boot).toBe(token);
    clock.now = NOON + DAY;
    expect((await document(token))?.boot).toBe(token);
    clock.now = NOON + DAY + 1;
    await expect(document(token)).rejects.toThrow('with a token that is too old');
    clock.now = NOON + 2 * DAY;
    expect(report('up', links?.up)).toBeUndefined();
    expect(report('up', token)).toBeUndefined();
    clock.now += 1;
    expect(report('up', links?.up)).toBe('with a token that is too old');
    expect(report('up', token)).toBe('with a token that is too old');
  });

  test('says nothing of an installation', () => {
    const { boot, report, incidents } = standing({}, markOf({}));
    expect(report('installed', boot(0))).toBe('with a token of no installation');
    expect(incidents).toEqual([
      {
        facts: who.machine,
        from: AT,
        text: `${AT} reported that w1 is installed with a token of no installation: refused`,
      },
    ]);
  });
});

describe('what only says that a machine is up', () => {
  test('says nothing else, not even while an operator waits for it to be erased', async () => {
    const { tokens, document, report } = standing({}, markOf({ state: 'erase-pending' }));
    const up = tokens.issue({ kind: 'up', claim: CLAIM, issued: NOON }, W1, AT);
    expect(report('up', up)).toBeUndefined();
    expect(report('installed', up)).toBe('with a token that only says that it is up');
    await expect(document(up)).rejects.toThrow('with a token that only says that it is up');
  });
});

describe('whether a report needs a token', () => {
  test.each([
    ['open', 'installed', open, undefined],
    ['open', 'up', open, undefined],
    ['open', 'installed', secrets, none],
    ['open', 'up', secrets, none],
    [undefined, 'installed', open, none],
    [undefined, 'up', open, undefined],
    [undefined, 'installed', undefined, none],
    [undefined, 'up', secrets, none],
    ['token', 'installed', open, none],
    ['token', 'up', open, none],
  ] as const)('%s, %s', (reports, what, profile, why) => {
    const { access, asked, incidents } = standing({ reports });
    expect(access.report({ what, who, mark: undefined, profile, ...asked() })).toBe(why);
    expect(incidents).toHaveLength(why === undefined ? 0 : 1);
  });

  test.each(MARK_STATES)('not where its installer left without one (%s), once it left', (state) => {
    const { report } = standing({ reports: 'token' }, markOf({ state, tokens: undefined }));
    expect(report('installed')).toBe(state === 'seen' ? none : undefined);
    expect(report('up')).toBe(state === 'seen' ? none : undefined);
  });

  test('a mark that cannot be read vouches for nothing', () => {
    const { report } = standing({ reports: 'token' }, markOf({ tokens: undefined, broken: 'is no JSON' }));
    expect(report('installed')).toBe(none);
  });

  test('the incident calls a machine by what is known of it', () => {
    const { access, incidents } = standing({ reports: 'token' });
    const facts = factsOf({ mac: CARD });
    const unknown = { what: 'up', mark: undefined, facts, asker: undefined, token: undefined } as const;
    access.report({ ...unknown, profile: open, who: { key: CARD, also: [], machine: facts } });
    access.report({ ...unknown, profile: undefined, who: undefined });
    // A node without a MAC is not the one that says none.
    access.report({ ...unknown, profile: secrets, who: undefined, facts: {} });
    expect(incidents.map(({ text }) => text)).toEqual([
      `a client reported that ${CARD} is up without a token: refused`,
      'a client reported that a machine is up without a token: refused',
      'a client reported that a machine is up without a token: refused',
    ]);
  });
});

describe('the names that a token may have been given out under', () => {
  const w3: Match = { profile: secrets, node: nodeOf('w3'), by: 'serial' };
  const facts = factsOf({ mac: CARD, serial: 'S3' });
  const at = async () => Promise.resolve(parseMac('52:54:00:55:1c:e3'));

  test.each([
    ['by which it was matched', 'serial:s3', true],
    ['that its profile knows it by', '52:54:00:55:1c:e3', true],
    ['that its mark has', W1, true],
    ['that it only says', CARD, false],
  ])('%s', async (_, key, counts) => {
    const { access, boot } = standing({ macOf: at }, markOf({}));
    const asked = { facts, asker: AT, token: boot(0, key), origin: undefined as never };
    const links = access.document(w3, asked, 'configs/s.yml');
    if (counts) expect((await links)?.boot).toBe(asked.token);
    else await expect(links).rejects.toThrow('with a token that is not of this machine');
  });

  test('no machine, no names: where nothing is kept secret the document goes without tokens', async () => {
    const { access, boot } = standing();
    const match: Match = { profile: open, by: 'default' };
    const asked = { facts: {}, asker: AT, token: boot(0), origin: undefined as never };
    expect(await access.document(match, asked, 'configs/o.yml')).toBeUndefined();
  });
});

describe('whom an incident is about', () => {
  const w2: Match = { profile: secrets, node: nodeOf('w2'), by: 'uuid' };
  const facts = factsOf({ mac: CARD, uuid: UUID });

  test.each<[string, Match, MachineFacts, object, string]>([
    ['a listed MAC', w1, factsOf({ mac: W1, uuid: UUID }), { mac: W1 }, W1],
    ['a node matched by its UUID', w2, facts, { uuid: UUID }, 'w2'],
    ['no node: the MAC that was said', { profile: secrets, by: 'default' }, facts, { mac: CARD }, CARD],
    ['no MAC either', { profile: secrets, by: 'choice' }, factsOf({ uuid: UUID }), {}, UUID],
    ['a serial number alone', { profile: secrets, by: 'choice' }, factsOf({ serial: 'S9' }), {}, 'S9'],
    ['nothing at all', { profile: secrets, by: 'choice' }, {}, {}, 'that machine'],
    [
      'a listed MAC of a machine matched by its serial number',
      { profile: secrets, node: nodeOf('w3'), by: 'serial' },
      factsOf({ mac: CARD, serial: 'S3' }),
      { serial: 'S3' },
      '52:54:00:55:1c:e3',
    ],
  ])('%s', async (_, match, facts, about, name) => {
    const { access, incidents } = standing({ macOf: async () => Promise.resolve(undefined) });
    await access.stranger(match, { facts, asker: AT });
    expect(incidents.map((one) => one.facts)).toEqual([about]);
    expect(incidents[0]?.text).toContain(name);
  });

  test('a client that is no address is no stranger, and neither is one of a profile without secrets', async () => {
    const { access, incidents } = standing();
    expect(await access.stranger(w1, { facts, asker: undefined })).toBeUndefined();
    expect(await access.stranger({ profile: open, by: 'default' }, { facts, asker: AT })).toBeUndefined();
    expect(incidents).toEqual([]);
  });
});

test('what carries a token: installers, secrets, and everything where reports need one', () => {
  const installs = { ...open, install: secrets.install };
  const carried = (profile: Profile, reports?: 'open' | 'token') => standing({ reports }).access.carries({ profile });
  expect([carried(open), carried(open, 'open'), carried(open, 'token')]).toEqual([false, false, true]);
  expect([carried(installs), carried({ ...open, secrets: true })]).toEqual([true, true]);
});

test('fetches are counted for each document and token; of those that are not asked for any more the oldest go', async () => {
  const { access, boot, incidents, asked } = standing({}, markOf({}));
  const [first, other] = [boot(CLAIM), boot(0)];
  const fetch = async (of: string, token = first) => access.document(w1, asked(token), of);
  for (let i = 0; i < 4; i += 1) {
    await fetch('configs/a');
    await fetch('configs/b');
    await fetch('configs/a', other);
  }
  expect(incidents).toEqual([]);
  await fetch('configs/a');
  expect(incidents).toEqual([
    {
      facts: { mac: W1 },
      from: AT,
      text: `configs/a of ${W1} is fetched more often than its system does: 5 times since its script`,
    },
  ]);
  // `b` was asked for before all of these, `a` after them once more: one is forgotten, the other is not.
  for (let i = 0; i < 19_998; i += 1) await fetch(`configs/${i}`);
  await fetch('configs/a', other);
  expect(incidents.at(-1)?.text).toContain('configs/a of');
  expect(incidents).toHaveLength(2);
  for (let i = 0; i < 2; i += 1) await fetch('configs/b');
  expect(incidents).toHaveLength(2);
});
