import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument, checkUserData, contentTypeOf, metaData } from '../../src/documents/document.ts';
import { DOCUMENT_KINDS, type DocumentKind, SYSTEM_IDS, type SystemId } from '../../src/model/profile.ts';
import { type FileDiagnostic } from '../../src/model/failure.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';

function check(text: string, system?: SystemId): readonly string[] {
  const findings = new Diagnostics(text);
  checkUserData(text, system, findings);
  return findings.sorted().map(({ severity, message, place: { line } }) => `${severity} ${line ?? 0} ${message}`);
}

test.each([
  '#cloud-config\n',
  '#cloud-config\r\npackages: [a]\r\n',
  '#!/bin/sh\nnot: [yaml',
  '## template: jinja\n#cloud-config\n{% x %}',
  'Content-Type: multipart/mixed; boundary="x"\n',
  'MIME-Version: 1.0\n',
  '#include\nhttp://192.0.2.1/\n',
  '#cloud-boothook\n#!/bin/sh\n',
  '#include http://192.0.2.1/x\n',
  '#cloud-config # mine\npackages: [a]\n',
  '#Cloud-Config\n',
  '#cloud-config-archive\n- type: text/cloud-config\n',
  '#cloud-config-jsonp\n[{"op": "add"}]\n',
  '## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n',
  'From nobody Sat Jan  1 00:00:00 2022\nContent-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n',
])('%j is something that cloud-init knows', (text) => {
  expect(check(text, 'debian')).toEqual([]);
});

test.each([
  ['', 'warning 1 the user-data are empty: cloud-init does nothing'],
  ['autoinstall:\n  version: 1\n', 'error 1 cloud-init does not know the first line "autoinstall:"'],
  ['\ufeff#cloud-config\n', 'error 1 cloud-init does not know the first line "\ufeff#cloud-config"'],
  ['# cloud-config\n', 'error 1 cloud-init does not know the first line "# cloud-config"'],
  ['#cloud-config\n- a\n', 'error 2 the document is not a map of keys'],
  ['#cloud-config\na: 1\na: 2\n', 'warning 3 the key "a" stands here twice, the last one wins'],
])('%j: %s', (text, finding) => {
  expect(check(text)).toEqual([finding]);
});

test('broken YAML is an error with its line', () => {
  expect(check('#cloud-config\na: [\n')[0]).toMatch(/^error \d YAML: /);
  expect(check('#cloud-config\na: [\n', 'ubuntu').filter((one) => !one.startsWith('error'))).toEqual([]);
});

test("Ubuntu's installer wants answers", () => {
  expect(check('#cloud-config\nautoinstall: {version: 1, user-data: {}}\n', 'ubuntu')).toEqual([]);
  expect(check('#cloud-config\nhostname: a\n', 'ubuntu')[0]).toContain('warning 1 without "autoinstall:"');
  expect(check('#!/bin/sh\n', 'ubuntu')).toEqual([]);
  expect(check('#cloud-config\nhostname: a\n', 'debian')).toEqual([]);
});

test('meta-data are YAML whatever is in a name', () => {
  expect(metaData({ id: '52:54:00:00:00:01' })).toBe('instance-id: "52:54:00:00:00:01"\n');
  expect(parse(metaData({ id: 'a', hostname: 'x"\ny: z' }))).toEqual({
    'instance-id': 'a',
    'local-hostname': 'x"\ny: z',
  });
});

const GOLDEN = join(import.meta.dirname, '../golden/documents');

function line({ severity, message, remedy, place: { key, line, column } }: FileDiagnostic): string {
  return `${line ?? '-'}:${column ?? '-'} ${severity} ${key ?? '-'}: ${message} (${remedy ?? ''})\n`;
}

// SYSTEM--KIND--WHAT and, beside it, what we say of it.
describe('golden', () => {
  const files = readdirSync(GOLDEN).filter((name) => !name.endsWith('.findings.txt'));
  test('there are some', () => {
    expect(files.length).toBeGreaterThan(10);
  });
  test.each(files)('%s', async (fileName) => {
    const [system, kind] = fileName.split('--') as [SystemId, DocumentKind];
    const text = readFileSync(join(GOLDEN, fileName), 'utf8');
    const findings = checkDocument(kind, text, { file: fileName, system, node: { name: 'a', ip: '192.0.2.1' } });
    await expect(findings.map(line).join('')).toMatchFileSnapshot(join(GOLDEN, `${fileName}.findings.txt`));
  });
});

test('a document without mistakes has no findings', () => {
  expect(checkDocument('cloud_config', '#cloud-config\nhostname: a\n', { file: 'a.yml' })).toEqual([]);
  const ks = 'text\nautopart\nrootpw --lock\n%packages\n%end\n';
  expect(checkDocument('kickstart', ks, { file: 'a.ks' })).toEqual([]);
  expect(checkDocument('generic', '{{ not looked at', { file: 'a' })).toEqual([]);
});

test('a cloud-config for a system of cloud-init is not held against the keys of CoreOS', () => {
  const text = '#cloud-config\npackages: [curl]\nruncmd: []\n';
  expect(checkDocument('cloud_config', text, { file: 'a.yml', system: 'debian' })).toEqual([]);
  expect(checkDocument('cloud_config', text, { file: 'a.yml', system: 'coreos' })).toHaveLength(2);
  const node = { name: 'a' };
  expect(
    checkDocument('cloud_config', '#cloud-config\nx: $public_ipv4\n', { file: 'a', system: 'custom', node }),
  ).toHaveLength(1);
});

test('NUL is an error, a text over 1 MiB is not looked at', () => {
  expect(checkDocument('generic', 'a\nb\0', { file: 'a' })).toMatchObject([
    { severity: 'error', place: { line: 2, column: 2 } },
  ]);
  const long = `#cloud-config\n${'x'.repeat(1_048_576)}`;
  expect(checkDocument('cloud_config', long, { file: 'a' })).toMatchObject([{ severity: 'warning' }]);
});

test.each([
  ['ignition', 'a.ign', 'application/json'],
  ['ignition', 'a', 'application/json'],
  [undefined, 'a.json', 'application/json'],
  ['cloud_config', 'a.yml', 'text/plain; charset=utf-8'],
  [undefined, 'constructor', 'text/plain; charset=utf-8'],
  ['generic', 'a.constructor', 'text/plain; charset=utf-8'],
] as const)('%s %s is %s', (kind, fileName, type) => {
  expect(contentTypeOf(kind, fileName)).toBe(type);
});

describe('nothing that is in a document stops the process', () => {
  test.each<[string, DocumentKind, string]>([
    ['deep JSON', 'ignition', '['.repeat(200_000)],
    ['deep JSON objects', 'ignition', '{"a":'.repeat(100_000)],
    ['escaped quotes without an end', 'ignition', `{"${String.raw`\"`.repeat(300_000)}`],
    ['deep YAML', 'cloud_config', `#cloud-config\na: ${'['.repeat(100_000)}`],
    [
      'deep YAML blocks',
      'cloud_config',
      `#cloud-config\n${Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')}`,
    ],
    [
      'a billion laughs',
      'cloud_config',
      `#cloud-config\na0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n')}`,
    ],
    ['an alias to itself', 'cloud_config', '#cloud-config\na: &a [*a]\n'],
    [
      'many unknown keys',
      'cloud_config',
      `#cloud-config\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')}`,
    ],
    [
      'many unknown JSON keys',
      'ignition',
      JSON.stringify({
        ignition: { version: '3.3.0' },
        ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1])),
      }),
    ],
    [
      'prototypes in JSON',
      'ignition',
      '{"ignition": {"version": "3.3.0", "__proto__": {"p": 1}}, "constructor": {}, "storage": {"__proto__": []}}',
    ],
    [
      'prototypes in YAML',
      'cloud_config',
      '#cloud-config\n__proto__: {p: 1}\nconstructor: 1\ncoreos: {__proto__: 1, toString: 2}\n',
    ],
  ])('%s', (_, kind, text) => {
    const started = performance.now();
    expect(checkDocument(kind, text, { file: 'a', system: 'flatcar' }).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(({} as { p?: unknown }).p).toBeUndefined();
  });

  test('pieces of every language in any order, for every kind and system', () => {
    let seed = 11;
    const next = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const starts = [
      '',
      '#cloud-config\n',
      '{"ignition":{"version":"3.3.0"},',
      '{"ignition":{"version":"2.0.0"},"storage":',
      'd-i ',
    ];
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ':',
      ': ',
      ',',
      '"',
      "'",
      '- ',
      '\n',
      '\n  ',
      '\t',
      '&a ',
      '*a',
      '<<: ',
      '|\n',
      '>',
      '!!binary ',
      '?',
    ]
      .concat([
        'coreos',
        'units',
        'users',
        'write_files',
        'path',
        'name',
        'storage',
        'files',
        '"files":[',
        '"path":"/a"',
        '"mode":644',
        '0x1',
      ])
      .concat([
        '2001-01-01',
        '.inf',
        '~',
        '$private_ipv4',
        '%',
        '\\',
        '\u0000',
        '\ufeff',
        '\ud800',
        '1e999',
        '-0',
        '---\n',
        '...',
        '#',
      ]);
    const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
    let clean = 0;
    for (let round = 0; round < 3000; round += 1) {
      const text = pick(starts) + Array.from({ length: next(12) }, () => pick(pieces)).join('');
      const context = { file: 'a', system: pick(SYSTEM_IDS), node: { name: 'a' } };
      if (checkDocument(pick(DOCUMENT_KINDS), text, context).length === 0) clean += 1;
    }
    expect(clean).toBeGreaterThan(100);
    expect(clean).toBeLessThan(2900);
  });
});
