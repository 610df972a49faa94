import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createProfileCheck, profileSchema } from '../../src/catalog/profile-schema.ts';
import {
  SYSTEM_IDS,
  type Json,
  type JsonObject,
  type LocalBoot,
  type Node,
  type Profile,
} from '../../src/model/profile.ts';

const check = createProfileCheck();
const schema = profileSchema() as JsonObject & {
  readonly properties: Record<string, JsonObject>;
  readonly $defs: Record<string, JsonObject>;
};

// Typed by the profile itself: a key that is added to the type or taken from it does not compile here until this list
// follows, and the tests below hold the list against the schema.
const PROFILE_KEYS: Record<Exclude<keyof Profile, 'name' | 'file' | 'raw'>, true> = {
  system: true,
  arch: true,
  channel: true,
  update: true,
  version: true,
  console: true,
  coreos_autologin: true,
  root: true,
  rootfstype: true,
  sshkey: true,
  cloud_config: true,
  ignition: true,
  preseed: true,
  kickstart: true,
  nocloud: true,
  generic: true,
  kernel_args: true,
  kernel: true,
  initrd: true,
  vars: true,
  nodes: true,
  default: true,
  local_boot: true,
  boot: true,
  install: true,
  boot_timeout: true,
  phone_home: true,
  menu: true,
  cluster: true,
  ssh_host_keys: true,
  secrets: true,
  secure_boot: true,
  vlan: true,
  mirror: true,
  release: true,
  rollout: true,
};
const NODE_KEYS: Record<keyof Node, true> = {
  name: true,
  mac: true,
  uuid: true,
  serial: true,
  ip: true,
  vars: true,
  tags: true,
  secure_boot: true,
  raspberry_pi: true,
  vlan: true,
  power: true,
};
const LOCAL_BOOT: Record<LocalBoot, true> = {
  auto: true,
  exit: true,
  exit0: true,
  sanboot: true,
  'http-404': true,
  poweroff: true,
};

describe('the schema and the type say the same', () => {
  test('every key of a profile is in both', () => {
    expect(Object.keys(schema.properties).sort()).toEqual(['$schema', ...Object.keys(PROFILE_KEYS)].sort());
  });

  test('every key of a node is in both', () => {
    expect(Object.keys(schema.$defs['node']?.['properties'] ?? {}).sort()).toEqual(Object.keys(NODE_KEYS).sort());
  });

  test('the words of the lists are in both', () => {
    expect(schema.properties['system']?.['enum']).toEqual(SYSTEM_IDS);
    expect(schema.properties['local_boot']?.['enum']).toEqual(Object.keys(LOCAL_BOOT));
  });
});

describe('the schema itself', () => {
  test('every key has a title, a description and examples that it accepts', () => {
    for (const [key, property] of Object.entries(schema.properties)) {
      expect(property, key).toMatchObject({
        title: expect.any(String) as string,
        description: expect.any(String) as string,
      });
      const examples = property['examples'] as readonly Json[];
      expect(examples.length, key).toBeGreaterThan(0);
      for (const example of examples)
        expect(check({ [key]: example }), `${key}: ${JSON.stringify(example)}`).toEqual([]);
    }
    for (const [key, property] of Object.entries(schema.$defs['node']?.['properties'] as Record<string, JsonObject>)) {
      expect(property, key).toMatchObject({
        title: expect.any(String) as string,
        description: expect.any(String) as string,
      });
      for (const example of property['examples'] as readonly Json[]) {
        expect(check({ nodes: [{ name: 'a', [key]: example }] }), key).toEqual([]);
      }
    }
  });

  test('defaults are what an empty profile becomes', () => {
    for (const [key, property] of Object.entries(schema.properties)) {
      if (property['default'] !== undefined) expect(check({ [key]: property['default'] }), key).toEqual([]);
    }
  });

  test('every object is closed or constrains its names, no $data, no open-ended repetition', () => {
    const text = readFileSync(new URL('../../src/catalog/profile.schema.json', import.meta.url), 'utf8');
    expect(text).not.toContain('$data');
    walk(schema);

    function walk(part: Json): void {
      if (part === null || typeof part !== 'object') return;
      if (Array.isArray(part)) {
        part.forEach(walk);
        return;
      }
      const object = part as JsonObject;
      if (object['type'] === 'object') {
        const closed = object['additionalProperties'] === false;
        expect(closed || object['propertyNames'] !== undefined, JSON.stringify(object).slice(0, 80)).toBe(true);
      }
      if (typeof object['pattern'] === 'string') {
        expect(object['pattern']).toMatch(/^\^/);
        expect(object['patternErrorMessage'], object['pattern']).toBeTypeOf('string');
        // Repetition of a repetition is what takes for ever; look-aheads with one ".*" are linear.
        expect(object['pattern']).not.toMatch(/[*+]\)[*+{]/);
      }
      Object.values(object).forEach(walk);
    }
  });

  test('28 letters and a long line do not take for ever', () => {
    const begin = performance.now();
    check({
      nodes: [{ name: 'a', mac: 'a'.repeat(28) }],
      root: `${'a '.repeat(400_000)}#`,
      kernel: `${'a/'.repeat(400_000)}..`,
    });
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});

describe("coreos-ipxe-server's profiles", () => {
  test.each([
    {
      cloud_config: 'b',
      console: ['tty0', 'ttyS0'],
      coreos_autologin: 'ttyS0',
      root: '/dev/sda1',
      rootfstype: 'btrfs',
      sshkey: 'coreos',
      version: '310.1.0',
    },
    { cloud_config: 'a-cloud-config', rootfstype: 'btrfs', sshkey: 'nurmukhamed', version: '1298.6.0' },
    {},
    { cloud_config: '', console: [], coreos_autologin: '', root: '', rootfstype: '', sshkey: '', version: '' },
    {
      cloud_config: null,
      console: null,
      coreos_autologin: null,
      root: null,
      rootfstype: null,
      sshkey: null,
      version: null,
    },
    { root: 'LABEL=ROOT rootflags=subvol=root', console: ['ttyS0,115200n8'] },
  ] satisfies JsonObject[] as JsonObject[])('%j is accepted', (profile) => {
    expect(check(profile)).toEqual([]);
  });
});

describe('what would not survive the way into a boot script', () => {
  const WORDS = ['root', 'rootfstype', 'coreos_autologin'];
  const BAD = [
    'a\nb',
    'a\rb',
    'a\r\nset x',
    'a\tb',
    'a\u0000',
    'a\u001b[2J',
    'é',
    'a\u2028b',
    'a${net0/mac}',
    '#x',
    'a #x',
    '; reboot',
    'a ; b',
    'a && b',
    'a || b',
    'a &&',
    'a\\',
    'a\\ b',
    ' a',
    'a ',
    'trailing\n',
  ];

  test.each(WORDS.flatMap((key) => BAD.map((value) => [key, value] as const)))('%s: %j', (key, value) => {
    expect(check({ [key]: value })).toMatchObject([{ path: [key] }]);
  });

  test.each(BAD)('console and kernel_args: %j', (value) => {
    expect(check({ console: ['tty0', value] })).toMatchObject([{ path: ['console', 1] }]);
    expect(check({ kernel_args: [value] })).toMatchObject([{ path: ['kernel_args', 0] }]);
  });

  test.each(['a#b', 'p&&q', 'p;q', 'ds=nocloud;s=http://x/', '|', 'a=$b', '{a}', 'a\\b', '---', 'dyndbg="file x +p"'])(
    '%j is harmless',
    (value) => {
      expect(check({ root: value, kernel_args: [value] })).toEqual([]);
    },
  );

  const NAMES = ['cloud_config', 'sshkey', 'ignition', 'preseed', 'kickstart', 'nocloud', 'generic', 'version'];
  test.each(
    NAMES.flatMap((key) =>
      [...`a/b/c|../a|a/../b|a/.b|a/|a..b|.hidden|a\tb|a |a\n|a\${x}|/etc/passwd|é`.split('|'), 'a'.repeat(129)].map(
        (value) => [key, value] as const,
      ),
    ),
  )('the name %s: %j', (key, value) => {
    expect(check({ [key]: value })).toMatchObject([{ path: [key] }]);
  });

  test('a document and a key may be in a folder; only a key, which is in no URL, may have a blank in its name', () => {
    for (const key of NAMES.slice(0, -1)) expect(check({ [key]: 'lab/52:54.yml' }), key).toEqual([]);
    expect(check({ version: 'a/b' })).toHaveLength(1);
    expect(check({ sshkey: 'lab/my key' })).toEqual([]);
    expect(check({ cloud_config: 'my doc' })).toHaveLength(1);
    expect(check({ ignition: 'my doc' })).toHaveLength(1);
  });

  test.each([
    '/vmlinuz',
    '../vmlinuz',
    'a/../b',
    'a//b',
    '.drafts/x',
    'a b',
    'ftp://x/y',
    'file:///etc/passwd',
    'http://x/${mac}',
    'http://x/a b',
    'http://x/\n',
    'http://x\\',
    '',
  ])('the artifact %j', (value) => {
    expect(check({ kernel: value })).toMatchObject([{ path: ['kernel'] }]);
    expect(check({ initrd: value })).toMatchObject([{ path: ['initrd'] }]);
    expect(check({ initrd: ['ok', value] })).toMatchObject([{ path: ['initrd', 1] }]);
  });
});

test('names that reach into a prototype are refused inside free variables too', () => {
  for (const key of ['constructor', 'prototype', '__proto__']) {
    const vars = JSON.parse(`{"a": [{"${key}": 1}]}`) as Json;
    expect(check({ vars })).toMatchObject([{ path: ['vars', 'a', 0, key], atKey: true }]);
    expect(check({ nodes: [{ name: 'a', vars: JSON.parse(`{"${key}": 1}`) as Json }] })).toMatchObject([
      { path: ['nodes', 0, 'vars', key] },
    ]);
  }
});

test('a million mistakes are counted, not listed', () => {
  expect(check({ kernel_args: Array.from({ length: 1_000 }, () => '\n') }).length).toBeLessThanOrEqual(200);
});
