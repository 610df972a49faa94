import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../src/documents/document.ts';
import { checkIgnition, looksLikeButane, tooNewFor } from '../../src/documents/ignition.ts';
import type { SystemId } from '../../src/model/profile.ts';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';
import { IGNITION_VERSIONS, ignitionCheck } from '../../src/documents/ignition-spec.ts';

function said(system: SystemId, version: string, spec: string): readonly string[] {
  const text = JSON.stringify({ ignition: { version: spec } });
  return checkDocument('ignition', text, { file: 'a', system, version }).map(
    ({ severity, message, remedy }) => `${severity} ${message} (${remedy ?? ''})`,
  );
}

test.each([
  [
    'flatcar',
    '3139.2.0',
    '3.3.0',
    'warning flatcar 3139.2.0 does not read Ignition 3.3.0, releases from 3185 on can (boot a newer release; ',
  ],
  [
    'flatcar',
    '3227.2.0',
    '3.5.0',
    'does not read Ignition 3.5.0, releases from 4131 on can (it came with Ignition 2.20.0, 2024-10-22) (boot a newer release, or write version 3.3.0; ',
  ],
  [
    'fedora-coreos',
    '36.20220906.3.2',
    '3.5.0',
    'releases built from 20241022 on can (it came with Ignition 2.20.0, 2024-10-22) (boot a newer release, or write version 3.3.0; the machine would stop in its emergency shell)',
  ],
  [
    'coreos',
    '1298.6.0',
    '2.3.0',
    'releases from 1978 on can (it came with Ignition 0.29.0, 2018-11-30) (boot a newer release, or write version 2.0.0; ',
  ],
  ['flatcar', '4593.2.5', '3.6.0', 'releases from 4594 on can (boot a newer release, or write version 3.5.0; '],
] as const)('case 09-ignition-too-new-for-release: %s %s does not read %s', (system, version, spec, message) => {
  const [warning, ...more] = said(system, version, spec);
  expect(warning).toMatch(/^warning /);
  expect(warning).toContain(message);
  expect(more).toEqual([]);
});

test.each([
  ['flatcar', '3185.0.0', '3.3.0'],
  ['flatcar', '3602.2.0', '3.4.0'],
  ['flatcar', '3139.2.0', '2.3.0'],
  ['flatcar', '4593.2.5', '3.5.0'],
  ['fedora-coreos', '31.20200420.3.0', '3.0.0'],
  ['fedora-coreos', '42.20250410.3.1', '3.5.0'],
  ['coreos', '1298.6.0', '2.0.0'],
  ['coreos', '2512.3.0', '2.4.0'],
  ['flatcar', '1', '3.3.0'],
  ['flatcar', 'mine', '3.5.0'],
  ['custom', '3139.2.0', '3.5.0'],
] as const)('nothing is said of %s %s with %s', (system, version, spec) => {
  expect(said(system, version, spec)).toEqual([]);
});

test('the newest release of the field reads every stable version', () => {
  for (const version of IGNITION_VERSIONS.keys()) {
    expect(tooNewFor('flatcar', '5000.0.0', version)).toBeUndefined();
    expect(tooNewFor('fedora-coreos', '44.20260801.3.0', version)).toBeUndefined();
  }
});

test.each([...IGNITION_VERSIONS.keys()])('%s compiles and takes the least document', (version) => {
  expect(ignitionCheck(version)?.({ ignition: { version } })).toEqual([]);
  expect(ignitionCheck(version)?.({})).toMatchObject([{ keyword: 'required', key: 'ignition' }]);
});

test('other versions have none', () => {
  for (const version of ['1.0.0', '2.5.0', '3.7.0', '3.7.0-experimental', '3', '', 'constructor']) {
    expect(ignitionCheck(version)).toBeUndefined();
  }
});

test.each(IGNITION_SAMPLES.filter(({ rule }) => rule === undefined))(
  '$name is bad: $bad',
  ({ bad, since = 0, ...sample }) => {
    for (let minor = since; minor <= 6; minor += 1) {
      const version = `3.${minor}.0`;
      const found = ignitionCheck(version)?.(JSON.parse(ignitionText({ bad, since, ...sample }, version))) ?? [];
      expect(found.some(({ keyword }) => keyword !== 'additionalProperties')).toBe(bad);
    }
  },
);

function check(text: string, system?: SystemId) {
  const findings = new Diagnostics(text);
  checkIgnition(text, { system }, findings);
  return findings.sorted();
}
const short = (text: string, system?: SystemId) =>
  check(text, system).map(({ severity, message }) => `${severity} ${message}`);

test.each([
  ['', 'warning the document is empty: Ignition boots on without a configuration'],
  [' \n', 'warning the document is empty: Ignition boots on without a configuration'],
  ['#cloud-config\na: 1\n', 'error this is no Ignition JSON'],
  ['variant: fcos\nversion: 1.5.0\n', 'error this is Butane YAML; Ignition reads only JSON'],
  ['# mine\nvariant: fcos\nversion: 1.5.0\n', 'error this is Butane YAML; Ignition reads only JSON'],
  ['hello', 'error this is not JSON: no object'],
  ['{}', 'error there is no "ignition.version"'],
  ['[]', 'error there is no "ignition.version"'],
  ['{"ignition": {"version": 3}}', 'error "ignition.version" must be text'],
  ['{"ignitionVersion": 2}', 'error there is no "ignition.version"'],
  ['{"ignition": {"version": "3.3"}}', 'error Ignition "3.3" is not known'],
  ['{"ignition": {"version": "3.3.0-rc1"}}', 'error Ignition "3.3.0-rc1" is not known'],
  ['{"ignition": {"version": "constructor"}}', 'error Ignition "constructor" is not known'],
])('%j', (text, finding) => {
  expect(short(text)).toEqual([finding]);
});

describe('case 08-ignition-false-positives: what the machine reads is no error', () => {
  test.each([
    ['oem://', '{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"/a","contents":{"source":"oem:///x"}}]}}'],
    [
      'version 1',
      '{"ignitionVersion":1,"systemd":{"units":[{"name":"a.service","enable":true,"contents":"[Service]\\nExecStart=/bin/true"}]}}',
    ],
    ['null for a list', '{"ignition":{"version":"3.3.0"},"storage":{"files":null}}'],
    ['null for a map', '{"ignition":{"version":"2.2.0","config":{"replace":null}}}'],
    ['null in a list', '{"ignition":{"version":"2.2.0","config":{"append":[null]}}}'],
    ['null', '{"ignition":{"version":"3.3.0","config":{"replace":null}},"passwd":null,"storage":null}'],
    [
      'null below',
      '{"ignition":{"version":"2.2.0"},"storage":{"files":null},"systemd":{"units":[{"name":"a.service","contents":null}]}}',
    ],
  ])('%s', (_what, text) => {
    expect(short(text, 'flatcar')).toEqual([]);
  });

  test('an experimental version is a warning, and so is one that may come', () => {
    const [experimental] = check('{"ignition":{"version":"3.7.0-experimental"}}', 'flatcar');
    expect(experimental).toMatchObject({ severity: 'warning', place: { key: 'ignition.version' } });
    expect(experimental?.message).toContain('is experimental: only releases with just this one read it');
    expect(short('{"ignition":{"version":"3.9.0"},"new":1}', 'fedora-coreos')).toEqual([
      'warning Ignition "3.9.0" is newer than what is known here: it is not checked',
    ]);
  });

  test('what it does not read still is one', () => {
    const oem = '{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"/a","contents":{"source":"oem:///x"}}]}}';
    expect(short(oem, 'fedora-coreos')).toEqual(['error the source scheme "oem" is unknown to this version']);
    expect(short('{"ignitionVersion":1}', 'fedora-coreos')).toEqual(['error Fedora CoreOS reads no Ignition 1']);
    // A null is a key that is not there, also where one must be.
    expect(short('{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":null}]}}', 'flatcar')).toEqual([
      'error the key "path" is missing',
    ]);
    expect(short('{"ignition":null}', 'flatcar')).toEqual(['error there is no "ignition.version"']);
  });
});

test('a version that is refused comes with those that are not', () => {
  expect(check('{"ignition": {"version": "2.5.0"}}')[0]).toMatchObject({
    place: { line: 1, column: 26, key: 'ignition.version' },
  });
  expect(check('{"ignition": {"version": "2.5.0"}}')[0]?.remedy).toMatch(/2\.0\.0, .*2\.4\.0, 3\.0\.0, .*3\.6\.0$/);
});

test('each system has its versions', () => {
  const two = '{"ignition": {"version": "2.2.0"}}';
  const three = '{"ignition": {"version": "3.0.0"}}';
  expect(short(two, 'coreos')).toEqual([]);
  expect(short(three, 'coreos')).toEqual(['error Container Linux reads Ignition up to 2.4.0']);
  expect(short(two, 'fedora-coreos')).toEqual(['error Fedora CoreOS reads Ignition from 3.0.0 on']);
  expect(short(three, 'fedora-coreos')).toEqual([]);
  expect([...short(two, 'flatcar'), ...short(three, 'flatcar')]).toEqual([]);
});

test('unknown keys are warnings that name their neighbour and stand at their place', () => {
  const text = '{"ignition": {"version": "3.3.0"},\n "storage": {"flies": [],\n "zzz": 1}}';
  expect(check(text)).toMatchObject([
    { severity: 'warning', place: { key: 'storage.flies', line: 2, column: 14 }, remedy: 'did you mean "files"?' },
    {
      severity: 'warning',
      place: { key: 'storage.zzz', line: 3, column: 2 },
      remedy: expect.stringContaining('known here: disks') as string,
    },
  ]);
});

test('Butane is known by two keys at the left', () => {
  expect(looksLikeButane('variant: a\nversion: b')).toBe(true);
  expect(looksLikeButane('variant: a\n version: b')).toBe(false);
  expect(looksLikeButane('{\nvariant:\nversion:\n')).toBe(false);
});

const VALIDATOR = spawnSync('ignition-validate', ['-version'], { encoding: 'utf8' });
const HERE = VALIDATOR.error === undefined;

describe.skipIf(!HERE)(`ignition-validate${HERE ? '' : ' (left out: the package "ignition" is not installed)'}`, () => {
  // Debian's is 2.14.0, which knows 3.0.0 to 3.3.0.
  test.each([0, 1, 2, 3])('says the same of the samples in 3.%i.0', (minor) => {
    const differ: string[] = [];
    for (const sample of IGNITION_SAMPLES.filter(({ since = 0 }) => since <= minor)) {
      const text = ignitionText(sample, `3.${minor}.0`);
      const theirs = spawnSync('ignition-validate', ['-'], { input: text }).status !== 0;
      const ours = check(text).some(({ severity }) => severity === 'error');
      const passes = sample.passes !== undefined && minor <= sample.passes;
      if (ours !== sample.bad || theirs !== (sample.bad && !passes)) differ.push(sample.name);
    }
    expect(differ).toEqual([]);
  });
});
