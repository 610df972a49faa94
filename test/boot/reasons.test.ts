import { describe, expect, it } from 'vitest';
import { because, decisionOf, hasIdentity, identityQuery, whoIs } from '../../src/boot/reasons.ts';
import { factsOf, houseOf } from '../support/house.ts';

async function matchOf(told: Parameters<typeof factsOf>[0]) {
  const { catalog } = await houseOf({
    'profiles/p.json': {
      system: 'custom',
      kernel: 'k',
      version: '7',
      nodes: [
        { name: 'm', mac: '525400551cee' },
        { name: 'u', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
        { name: 's', serial: 'A B' },
      ],
    },
    'profiles/d.json': { system: 'custom', kernel: 'k', default: true },
  });
  const facts = factsOf(told);
  const match = catalog.current().match(facts);
  if (match === undefined) throw new TypeError('no match');
  return { match, facts };
}

describe('because and identityQuery', () => {
  it.each([
    [
      { mac: '525400551cee', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
      'mac 52:54:00:55:1c:ee is node m of profiles/p.json',
      '?mac=52-54-00-55-1c-ee',
    ],
    [
      { mac: '525400000001', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
      'uuid c6c30f6a-4a1b-4337-8325-c4c2543ad437 is node u of profiles/p.json',
      '?mac=52-54-00-00-00-01&uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    ],
    [
      { mac: '525400000001', serial: 'A B' },
      'serial A B is node s of profiles/p.json',
      '?mac=52-54-00-00-00-01&serial=A%20B',
    ],
    [{ serial: 'other' }, 'no profile names serial other; profiles/d.json is the default', '?serial=other'],
    [
      { uuid: '11111111-1111-1111-1111-111111111111' },
      'no profile names uuid 11111111-1111-1111-1111-111111111111; profiles/d.json is the default',
      '?uuid=11111111-1111-1111-1111-111111111111',
    ],
  ])('%j', async (told, reason, query) => {
    const { match, facts } = await matchOf(told);
    expect(because(match, facts)).toBe(reason);
    expect(identityQuery(facts, match)).toBe(query);
  });

  it('a machine without identity has no query', async () => {
    const { match, facts } = await matchOf({});
    expect(identityQuery(facts, match)).toBe('');
    expect(hasIdentity(facts)).toBe(false);
    expect(whoIs(facts)).toContain('neither mac, uuid nor serial');
  });

  it('a decision carries profile, node and version as far as there are any', async () => {
    const { match, facts } = await matchOf({ mac: '525400551cee' });
    expect(decisionOf(match, facts, 'waiting')).toMatchObject({
      outcome: 'waiting',
      profile: 'p',
      node: 'm',
      version: '7',
    });
    const other = await matchOf({ serial: 'x' });
    expect(Object.keys(decisionOf(other.match, other.facts, 'boot'))).toEqual(['outcome', 'profile', 'because']);
  });
});
