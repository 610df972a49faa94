import { describe, expect, it } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import { hostKeyData, SAMPLE_KEYS, type HostKeys } from '../../src/boot/template-data.ts';
import { Failure } from '../../src/model/failure.ts';
import { makeHostKey, readHostKey } from '../../src/machines/host-keys.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const KEY = makeHostKey('a', Buffer.alloc(32, 9));
const FILES = {
  'profiles/p.json': {
    version: '1.0.0',
    ssh_host_keys: true,
    default: true,
    cloud_config: 'key',
    nodes: [{ name: 'a', mac: '525400551cee' }],
  },
  'profiles/q.json': { version: '1.0.0', cloud_config: 'key', nodes: [{ name: 'c', mac: '525400551cec' }] },
  'configs/key.yml.hbs': `#cloud-config
hostname: x
write_files:
  - path: /etc/ssh/ssh_host_ed25519_key
    permissions: '0600'
    content: |
      {{indent ssh_host_keys.ed25519_private 6}}
  - path: /etc/ssh/ssh_host_ed25519_key.pub
    content: |
      {{ssh_host_keys.ed25519_public}}
`,
};

async function ask(mac: string, hostKeys?: HostKeys, files: Readonly<Record<string, string | object>> = FILES) {
  const { catalog, imageStore } = await contextOf(files);
  const bootService = createBootService({ catalog, imageStore, hostKeys });
  return (
    await bootService.documentOf('cloud_config', { facts: factsOf({ mac }), origin: originOf() })
  ).body.toString();
}

const have: HostKeys = { keyOf: (node) => (node === 'a' ? KEY : undefined) };

describe('ssh_host_keys in a template', () => {
  it('gives a node its key, line by line', async () => {
    const text = await ask('525400551cee', have);
    const indented = /content: \|\n((?: {6}.*\n)+?) {2}- path/.exec(text)?.[1] ?? '';
    expect(indented.replaceAll(/^ {6}/gm, '')).toBe(KEY.privateKey);
    expect(text).toContain(`      ${KEY.publicKey}\n`);
  });

  it.each([
    ['no keys at all', '525400551cee', undefined, 'unavailable', 'the host key of a is not made yet', 'ask again'],
    ['a key that is not made', '525400551cee', { keyOf: () => undefined }, 'unavailable', 'not made yet', 'ask again'],
    [
      'a broken key',
      '525400551cee',
      {
        keyOf: () => {
          throw new Failure('broken', 'it is no key', { place: { file: 'state/ssh/a_ed25519' }, remedy: 'mend it' });
        },
      },
      'unavailable',
      'the host key of a cannot be used: state/ssh/a_ed25519: it is no key (mend it)',
      undefined,
    ],
    [
      'a machine that is no node',
      '525400000001',
      have,
      'unavailable',
      'only a machine that a profile lists',
      '"nodes" of',
    ],
  ] as const)('says why there is none: %s', async (_what, mac, keys, code, message, remedy) => {
    const failure = await ask(mac, keys).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code, place: { file: 'configs/key.yml.hbs', line: 7 } });
    expect((failure as Failure).message).toContain(`variable "ssh_host_keys.ed25519_private" is not there: `);
    expect((failure as Failure).message).toContain(message);
    if (remedy === undefined) expect((failure as Failure).remedy).toBeUndefined();
    else expect((failure as Failure).remedy).toContain(remedy);
  });

  it('is not there for a profile that does not ask, which hears of it when it is loaded', async () => {
    await expect(ask('525400551cec', { keyOf: () => KEY })).rejects.toThrow();
    const { catalog } = await contextOf(FILES);
    // The template of the default profile also names them for machines that no profile lists.
    const problem = catalog.current().problems.find(({ message }) => message.includes('profiles/q.json'));
    expect(problem).toMatchObject({
      severity: 'error',
      place: { file: 'configs/key.yml.hbs', line: 7 },
      remedy: 'add "ssh_host_keys": true to the profile',
    });
    expect(problem?.message).toContain('profiles/q.json keeps no host keys');
  });

  it('can be asked for with has, by a template for everybody', async () => {
    const text = '#cloud-config\nhostname: {{#if (has @root "ssh_host_keys")}}kept{{else}}new{{/if}}\n';
    const files = { ...FILES, 'configs/key.yml.hbs': text };
    expect(await ask('525400551cee', have, files)).toContain('hostname: kept');
    expect(await ask('525400551cec', have, files)).toContain('hostname: new');
  });

  it('is looked up for nodes of profiles that ask, and for no other machine; a bug there is no missing key', async () => {
    const text = '#cloud-config\nhostname: {{#if (has @root "ssh_host_keys")}}kept{{else}}new{{/if}}\n';
    const files = { ...FILES, 'configs/key.yml.hbs': text };
    const asked: string[] = [];
    const keys: HostKeys = {
      keyOf: (node) => {
        asked.push(node);
        return KEY;
      },
    };
    expect(await ask('525400551cec', keys, files)).toContain('hostname: new');
    expect(await ask('525400000001', keys, files), 'a machine that is no node').toContain('hostname: new');
    expect(asked).toEqual([]);
    expect(await ask('525400551cee', keys, files)).toContain('hostname: kept');
    expect(asked).toEqual(['a']);
    const bug: HostKeys = {
      keyOf: () => {
        throw new TypeError('bug');
      },
    };
    await expect(ask('525400551cee', bug, files)).rejects.toBeInstanceOf(TypeError);
  });

  it('is checked with a sample that reads like a key and is nobody’s', async () => {
    const sample = SAMPLE_KEYS.keyOf('a') ?? KEY;
    expect(readHostKey(sample.privateKey)).toEqual(sample);
    const { 'profiles/p.json': profile, 'configs/key.yml.hbs': template } = FILES;
    const listed = { ...profile, default: false, secrets: true };
    const { catalog } = await contextOf({ 'profiles/p.json': listed, 'configs/key.yml.hbs': template });
    expect(catalog.current().problems).toEqual([]);
    expect(hostKeyData(sample)).toEqual({ ed25519_private: sample.privateKey, ed25519_public: sample.publicKey });
  });

  it('does not go into the metadata, which is for programs', async () => {
    const { catalog, imageStore } = await contextOf(FILES);
    const bootService = createBootService({ catalog, imageStore, hostKeys: have });
    const answer = await bootService.metadata({ facts: factsOf({ mac: '525400551cee' }), origin: originOf() });
    expect(answer.body.toString()).not.toMatch(/SSH_HOST|PRIVATE KEY/i);
  });
});
