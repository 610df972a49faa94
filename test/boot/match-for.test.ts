import { expect, it } from 'vitest';
import { matchFor } from '../../src/boot/decide.ts';
import { factsOf, contextOf, nameOf } from '../support/app-context.ts';
import { identityQuery } from '../../src/boot/machine-plan.ts';

const FILES = {
  'profiles/known.json': { system: 'flatcar', version: '1.0.0', nodes: [{ name: 'a', mac: '525400000001' }] },
  'profiles/live.json': { system: 'flatcar', version: '1.0.0', menu: 'Flatcar, live' },
  'profiles/hidden.json': { system: 'flatcar', version: '1.0.0' },
};
const MENU = { show: 'menu' } as const;
const STRANGER = factsOf({ mac: '525400000009', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' });

async function ask(
  choice: string | undefined,
  facts = STRANGER,
  show: 'menu' | 'wait' = 'menu',
  files: object = FILES,
) {
  const { catalog } = await contextOf(files as Record<string, object>);
  const question = { facts, ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
  const match = matchFor(question, catalog.current(), { ...MENU, show });
  return match === undefined ? undefined : [match.profile.name, match.by];
}

it('gives a machine that nobody knows the profile that was chosen at its screen', async () => {
  expect(await ask('live')).toEqual(['live', 'choice']);
  expect(await ask(undefined)).toBeUndefined();
});

it('only while the menu is on, and only what the menu offers', async () => {
  expect(await ask('live', STRANGER, 'wait')).toBeUndefined();
  expect(await ask('hidden')).toBeUndefined();
  expect(await ask('wait')).toBeUndefined();
});

it('never beside a file that names the machine, a default profile, or a broken file', async () => {
  expect(await ask('live', factsOf({ mac: '525400000001' }))).toEqual(['known', 'mac']);
  const fallback = { ...FILES, 'profiles/rest.json': { system: 'flatcar', version: '1.0.0', default: true } };
  expect(await ask('live', STRANGER, 'menu', fallback)).toEqual(['rest', 'default']);
  const broken = { ...FILES, 'profiles/b.json': '{ "versoin": 1, "nodes": [{ "name": "b", "mac": "525400000009" }] }' };
  expect(await ask('live', STRANGER, 'menu', broken)).toBeUndefined();
});

it('travels in the query of whatever the machine asks next', async () => {
  const { catalog } = await contextOf(FILES);
  const match = matchFor({ facts: STRANGER, choice: nameOf('live') }, catalog.current(), MENU);
  if (match === undefined) throw new TypeError('no match');
  expect(identityQuery(STRANGER, match)).toBe('?mac=52-54-00-00-00-09&profile=live');
  expect(identityQuery({}, match)).toBe('?profile=live');
});
