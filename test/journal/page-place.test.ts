import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { parsePlace, placeText } from '../../src/journal/page-place.ts';

test('a place survives the way to a browser and back', () => {
  for (const place of [
    { kind: 'seen', lastSeen: 1_800_000_000_000, id: 7 },
    { kind: 'never', name: 'w\u00fcrfel "1"', id: 8 },
  ] as const) {
    const text = placeText(place);
    expect(text).toMatch(/^[\w-]+$/);
    expect(parsePlace(text)).toEqual(place);
  }
});

test.each([
  '',
  'x',
  '{}',
  '[]',
  '["s",1]',
  '["s","1",2]',
  '["n",1,2]',
  '["q",1,2]',
  '["s",1.5,2]',
  '["s",1,2e99]',
  'null',
])('no page ended at %s', (json) => {
  for (const text of [json, Buffer.from(json).toString('base64url')]) {
    expect(() => parsePlace(text)).toThrow(Failure);
  }
});
