import { expect, test } from 'vitest';
import { checkDocument } from '../../src/documents/document.ts';
import { IGNITION_VERSIONS } from '../../src/documents/ignition-fields.ts';
import { tooNewFor } from '../../src/documents/ignition-releases.ts';
import type { SystemId } from '../../src/model/profile.ts';

function said(system: SystemId, version: string, spec: string): readonly string[] {
  const text = JSON.stringify({ ignition: { version: spec } });
  return checkDocument('ignition', text, { fileName: 'a', system, version }).map(
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
