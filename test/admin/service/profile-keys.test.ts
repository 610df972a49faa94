import { expect, test } from 'vitest';
import { profileKeys } from '../../../src/admin/service/profile-keys.ts';
import { profileSchema } from '../../../src/catalog/profile-schema.ts';

test('every key of the schema, with its help and an example that is JSON', () => {
  const keys = profileKeys();
  expect(keys.map(({ key }) => key)).toEqual(Object.keys(profileSchema()['properties'] as object));
  for (const { help, example = 'null' } of keys) {
    expect(help).toMatch(/\w.+\.$/s);
    expect(() => JSON.parse(example) as unknown).not.toThrow();
  }
});

test('what may be chosen is said', () => {
  expect(profileKeys().find(({ key }) => key === 'update')).toEqual({
    key: 'update',
    help: expect.stringContaining('One of auto, manual. Default: "auto".') as string,
    example: '"manual"',
  });
});
