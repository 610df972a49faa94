import { expect, it } from 'vitest';
import { carriedKind } from '../../src/exports/node-document.ts';
import { profileOf } from './sample.ts';

const profile = profileOf('p', [], { cloud_config: 'a', ignition: 'b' });

it('takes the first kind that the profile names', () => {
  expect(carriedKind(profile, ['ignition', 'cloud_config'], 'x')).toBe('ignition');
  expect(carriedKind(profile, ['nocloud', 'cloud_config'], 'x')).toBe('cloud_config');
});

it('says what would be needed, or that the system does not listen there', () => {
  expect(() => carriedKind(profile, ['nocloud'], 'a config drive')).toThrow(
    expect.objectContaining({
      code: 'invalid',
      message: 'profiles/p.json names no document that a config drive can carry',
      remedy: 'name one of nocloud',
    }),
  );
  expect(() => carriedKind(profileOf('t', [], { system: 'talos' }), [], 'fw_cfg')).toThrow(
    'talos reads nothing from fw_cfg',
  );
});
