import { expect, it } from 'vitest';
import { parseQuery } from '../../src/http/query.ts';
import { whoFromQuery, whoFromSegment } from '../../src/http/who.ts';

const MAC = '52:54:00:55:1c:ee';

it.each([
  ['mac=525400551cee', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=live', { facts: { mac: MAC }, choice: 'live' }],
  ['mac=525400551cee&profile=', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=..%2Fx', { facts: { mac: MAC } }],
  ['mac=525400551cee&profile=%zz', { facts: { mac: MAC } }],
  ['profile=a%2Bb', { facts: {}, choice: 'a+b' }],
])('%s', (text, who) => {
  expect(whoFromQuery(parseQuery(text))).toEqual(who);
  expect(whoFromSegment(text)).toEqual(who);
});

it('a segment may be a MAC or a UUID, and then nothing was chosen', () => {
  expect(whoFromSegment('52-54-00-55-1c-ee')).toEqual({ facts: { mac: MAC } });
  expect(() => whoFromSegment('profile')).toThrow('MAC');
});
