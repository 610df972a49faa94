import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { SystemId } from '../../src/model/profile.ts';
import { Findings } from '../../src/documents/finding.ts';
import { checkIgnition, looksLikeButane } from '../../src/documents/ignition.ts';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';

function check(text: string, system?: SystemId) {
  const findings = new Findings(text);
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
  ['hello', 'error this is not JSON: invalid symbol'],
  ['{}', 'error there is no "ignition.version"'],
  ['[]', 'error there is no "ignition.version"'],
  ['{"ignition": {"version": 3}}', 'error there is no "ignition.version"'],
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
    expect(experimental).toMatchObject({ severity: 'warning', key: 'ignition.version' });
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
    line: 1,
    column: 26,
    key: 'ignition.version',
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
    { severity: 'warning', key: 'storage.flies', line: 2, column: 14, remedy: 'did you mean "files"?' },
    {
      severity: 'warning',
      key: 'storage.zzz',
      line: 3,
      column: 2,
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
