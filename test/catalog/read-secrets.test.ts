import { expect, test } from 'vitest';
import { readSecrets, secretFolders, unreadableSecrets } from '../../src/catalog/read-secrets.ts';
import { Failure } from '../../src/model/failure.ts';
import { secretName, type SecretRef } from '../../src/model/secret.ts';
import { good } from './data-folder.ts';

const FILE = { file: 'secrets/a/w1' };
const CREDENTIAL = { credential: 'w1' };
const PROFILE = good({
  vars: { one: FILE, two: { deep: [CREDENTIAL] } },
  nodes: [{ name: 'n', serial: 'x', vars: { one: FILE } }],
});

/** A reader over texts by name, which tells what it was asked for; what it has not is a failure. */
function reader(texts: Readonly<Record<string, string>>, why = 'is not there') {
  const asked: string[] = [];
  const read = async (ref: SecretRef): Promise<string> => {
    const name = secretName(ref);
    asked.push(name);
    const text = texts[name];
    if (text === undefined) throw new Failure('not-found', why, { place: { file: name }, remedy: 'put it there' });
    return text;
  };
  return { read, asked };
}

const BOTH = { 'secrets/a/w1': 'eins', 'credential w1': 'zwei' };

test('each secret is read once, however many values ask for it', async () => {
  const texts = reader(BOTH);
  const found = await readSecrets(texts, [PROFILE, PROFILE], new Map());
  expect([...found].sort()).toEqual(Object.entries(BOTH).sort());
  expect(texts.asked.sort()).toEqual(['credential w1', 'secrets/a/w1']);
});

test('what is the same is the very same, so that no new snapshot is made; what changed, came or went is another', async () => {
  const before = await readSecrets(reader(BOTH), [PROFILE], new Map());
  expect(await readSecrets(reader(BOTH), [PROFILE], before)).toBe(before);
  expect(await readSecrets(reader({ ...BOTH, 'credential w1': 'drei' }), [PROFILE], before)).not.toBe(before);
  expect(await readSecrets(reader(BOTH), [], before)).toEqual(new Map());
  const gone = await readSecrets(reader({ 'credential w1': 'zwei' }), [PROFILE], before);
  expect(gone).not.toBe(before);
  expect(await readSecrets(reader({ 'credential w1': 'zwei' }), [PROFILE], gone), 'the same failure').toBe(gone);
  expect(await readSecrets(reader({ 'credential w1': 'zwei' }, 'is a folder'), [PROFILE], gone)).not.toBe(gone);
  expect(await readSecrets(reader(BOTH), [PROFILE], gone)).not.toBe(gone);
});

test('one that cannot be read is an error at each value that asks for it; one that was not looked at is none', async () => {
  const secrets = await readSecrets(reader({ 'credential w1': 'zwei' }), [PROFILE], new Map());
  expect(unreadableSecrets(PROFILE, secrets)).toMatchObject([
    {
      severity: 'error',
      message: 'is not there',
      place: { file: 'profiles/p.json', key: 'vars.one', line: 3 },
      remedy: 'put it there',
    },
    { severity: 'error', place: { key: 'nodes[0].vars.one' } },
  ]);
  const none = await readSecrets(reader({}), [PROFILE], new Map());
  const keys = unreadableSecrets(PROFILE, none).map(({ place }) => place.key);
  expect(keys).toEqual(['vars.one', 'vars.two.deep[0]', 'nodes[0].vars.one']);
  expect(unreadableSecrets(PROFILE, new Map())).toEqual([]);
  expect(JSON.stringify(unreadableSecrets(PROFILE, secrets))).not.toContain('zwei');
});

test('the folders of files are watched, each once; a credential of systemd does not change', () => {
  const names = ['secrets/a/w1', 'secrets/a/w2', 'secrets/w3', 'credential w1', 'credential secrets/x'];
  expect(secretFolders(new Map(names.map((name) => [name, 'x'])))).toEqual(['secrets/a', 'secrets']);
  expect(secretFolders(new Map())).toEqual([]);
});
