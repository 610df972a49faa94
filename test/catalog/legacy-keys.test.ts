import { describe, expect, test } from 'vitest';
import { readProfile } from '../../src/catalog/read-profile.ts';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';
import { readLegacyKeys } from '../../src/catalog/build-profile.ts';

const check = createProfileCheck();

function said(json: object | string, file = 'profiles/a.json') {
  const { thing, problems } = readProfile(
    file,
    Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
    check,
  );
  const lines = problems.map(({ severity, message, place }) => `${severity} ${place.key ?? ''}: ${message}`);
  return { profile: thing?.profile, lines, problems };
}

describe('case 06-coreos-ipxe-server-folder: keys of its time', () => {
  test('unknown ones are ignored with a warning', () => {
    const { profile, lines } = said({ version: '1', _comment: 'rack 3', description: { a: [1] } });
    expect(profile?.version).toBe('1');
    expect(lines).toEqual([
      'warning _comment: unknown key, ignored as coreos-ipxe-server did',
      'warning description: unknown key, ignored as coreos-ipxe-server did',
    ]);
  });

  test('one that a machine may have is told where it belongs', () => {
    const remedies = said({ version: '1', mac: '52:54:00:00:00:01', note: 'x' }).problems.map(({ remedy }) => remedy);
    expect(remedies).toEqual([
      'here it does nothing: say it of a machine, "nodes": [{ "name": ..., "mac": ... }]',
      expect.stringMatching(/^take it out/),
    ]);
  });

  test('any case is read, as encoding/json did', () => {
    const { profile, lines } = said({ Version: '1', ROOT: '/dev/sda1', SshKey: 'a' });
    expect(profile).toMatchObject({ version: '1', root: '/dev/sda1', sshkey: 'a' });
    expect(lines).toEqual([
      'warning Version: is read as `version`',
      'warning ROOT: is read as `root`',
      'warning SshKey: is read as `sshkey`',
    ]);
  });

  test('what is wrong with the value stands where the key is spelled', () => {
    const { problems } = said('{\n  "Version": "1",\n  "Root": "a\\nb"\n}');
    expect(problems.find(({ severity }) => severity === 'error')?.place).toMatchObject({ key: 'Root', line: 3 });
  });

  test('the same key in two spellings is an error', () => {
    expect(said({ Version: '1', version: '2' }).lines).toContain(
      'error Version: `Version` is the key `version` once more',
    );
    expect(said({ Version: '1', VERSION: '2' }).lines).toContain(
      'error VERSION: `VERSION` is the key `version` once more',
    );
  });

  test.each([
    ['versoin', 'version'],
    ['cloud-config', 'cloud_config'],
    ['cloudconfig', 'cloud_config'],
    ['nods', 'nodes'],
    ['Nodes', 'nodes'],
    ['Default', 'default'],
    ['kernel_arg', 'kernel_args'],
    ['instal', 'install'],
  ])('%s is nearly %s: an error, and no word is passed over', (key, meant) => {
    const { profile, problems } = said({ version: '1', [key]: 'x' });
    expect(profile).toBeUndefined();
    expect(problems).toMatchObject([
      { severity: 'error', message: `unknown key \`${key}\``, remedy: `did you mean \`${meant}\`?` },
    ]);
  });

  test.each(['_comment', 'Version', 'rack'])('beside a key of ours %s is an error', (key) => {
    const { profile, lines } = said({ system: 'coreos', [key]: '1' });
    expect(profile).toBeUndefined();
    expect(lines).toEqual([`error ${key}: unknown key \`${key}\``]);
  });

  test('what is no object, or holds a prototype, is not looked into', () => {
    for (const value of [null, [], 'x', 1]) expect(readLegacyKeys(value, check).value).toBe(value);
    expect(said('{"version": "1", "__proto__": {"nodes": []}}').profile).toBeUndefined();
  });
});

describe('a profile in a folder', () => {
  const NODES = { version: '1', nodes: [{ name: 'a', mac: '525400551cee' }], default: true, menu: 'A' };

  test('boots by its name and claims nothing: people put files aside there', () => {
    const { profile, lines } = said(NODES, 'profiles/old/a.json');
    expect(profile).toMatchObject({ name: 'old/a', file: 'profiles/old/a.json', nodes: [], default: false });
    expect(profile?.menu).toBeUndefined();
    expect(lines.map((line) => line.slice(0, 16))).toEqual([
      'warning nodes: `',
      'warning default:',
      'warning menu: `m',
    ]);
  });

  test('holds no machine back when it is broken', () => {
    const read = readProfile('profiles/old/a.json', Buffer.from('{"nodes": [{"mac": "52:54:00:55:1c:ee"}],,}'), check);
    expect(read.names).toEqual([]);
  });
});
