import { expect, test } from 'vitest';
import { omitUndefined } from '../../src/model/omit-undefined.ts';

test('what is not there does not stand in the way of what is', () => {
  const said: { readonly mac: string; readonly uuid?: string } = omitUndefined({ mac: 'm', uuid: undefined });
  expect(Object.keys(said)).toEqual(['mac']);
  expect({ uuid: 'known', ...said }).toEqual({ mac: 'm', uuid: 'known' });
});
