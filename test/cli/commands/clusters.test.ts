import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const nodes = (letter: string, ...numbers: readonly number[]) =>
  numbers.map((n) => ({
    name: `${letter}${n}`,
    mac: `52:54:00:00:0${letter}:0${n}`,
    ip: `10.0.1.${n}`,
  }));
const FOLDER = {
  'profiles/one.json': JSON.stringify({
    system: 'flatcar',
    version: '1.2.3',
    cluster: { name: 'lab' },
    nodes: nodes('a', 1, 2, 3),
  }),
  'profiles/two.json': JSON.stringify({
    ...{ system: 'flatcar', version: '1.2.3', nodes: nodes('b', 4, 5) },
    cluster: { name: 'found', mode: 'discovery', size: 3 },
  }),
};

async function clusters(words: readonly string[], json = false, files: Record<string, string> = FOLDER) {
  const argv = ['clusters', ...words, ...(json ? ['--json'] : [])];
  return await runCli(argv, makeFolder(files));
}

async function answer(...asked: Parameters<typeof clusters>): Promise<string> {
  return (await clusters(...asked)).stdout;
}

describe('pilotlight clusters', () => {
  it('lists who is there and who is missing', async () => {
    expect(await answer([])).toBe(
      [
        'CLUSTER  MEET BY    STATE     MEMBERS  MISSING',
        'found    discovery  no token  0 of 3   b4, b5',
        'lab      static     static    3 of 3',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(await answer([], true))).toMatchObject({ clusters: [{ name: 'found' }, { name: 'lab' }] });
    expect(await answer([], false, {})).toBe('no profile has a "cluster", and there is no discovery token\n');
  });

  it('shows one', async () => {
    const text = await answer(['show', 'lab']);
    expect(text).toContain('lab: static, 3 of 3 members\nprofiles       one\n');
    expect(text).toContain('a2      in the profile  http://10.0.1.2:2380\n');
    expect(JSON.parse(await answer(['show', 'found'], true))).toMatchObject({ name: 'found', size: 3 });
  });

  it('says how a member is replaced, step by step', async () => {
    const text = await answer(['replace', 'lab', 'a2']);
    expect(text).toMatch(/^a2 of lab has lost its data/);
    expect(text).toMatch(
      /1\. [^]*2\. [^]*3\. [^]*member remove [0-9a-f]+\n {5}sleep 5\n {5}etcdctl[^]*member add a2 --peer-urls=http:\/\/10\.0\.1\.2:2380\n/,
    );
    expect(text).toContain('in profiles/one.json: "cluster": {..., "state": "existing"}');
    expect(JSON.parse(await answer(['replace', 'lab', 'a2'], true))).toMatchObject({ cluster: 'lab', member: 'a2' });
  });

  it.each([
    [['shwo'], 'did you mean show?'],
    [['show'], 'expected show NAME'],
    [['replace', 'lab'], 'expected replace NAME NODE'],
    [['forget'], 'expected forget TOKEN'],
    [['show', 'lub'], 'there is no cluster "lub"'],
    [['forget', 'abcdef01'], 'there is no discovery token abcdef01'],
  ])('%j: %s', async (words, message) => {
    const { stdout, stderr } = await clusters(words);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
