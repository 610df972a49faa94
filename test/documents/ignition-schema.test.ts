import { expect, test } from 'vitest';
import { IGNITION_VERSIONS } from '../../src/documents/ignition-fields.ts';
import { ignitionCheck, ignitionSchema } from '../../src/documents/ignition-schema.ts';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';

test.each([...IGNITION_VERSIONS.keys()])('%s compiles and takes the least document', (version) => {
  expect(ignitionCheck(version)?.({ ignition: { version } })).toEqual([]);
  expect(ignitionCheck(version)?.({})).toMatchObject([{ keyword: 'required', key: 'ignition' }]);
});

test('other versions have none', () => {
  for (const version of ['1.0.0', '2.5.0', '3.7.0', '3.7.0-experimental', '3', '', 'constructor']) {
    expect(ignitionCheck(version)).toBeUndefined();
    expect(ignitionSchema(version)).toBeUndefined();
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

test('null stands for an absent list, as Go writes it', () => {
  expect(ignitionCheck('3.3.0')?.({ ignition: { version: '3.3.0' }, storage: { files: null } })).toEqual([]);
  expect(ignitionCheck('2.2.0')?.({ ignition: { version: '2.2.0', config: { replace: null } } })).toEqual([]);
});
