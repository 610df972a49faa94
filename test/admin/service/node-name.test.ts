import { describe, expect, test } from 'vitest';
import { checkName, nameFor } from '../../../src/admin/service/node-name.ts';
import { hostsOf } from '../../../src/exports/host.ts';
import { factsOf } from '../../support/house.ts';
import { good } from '../../catalog/data-folder.ts';
import { MAC } from './stand.ts';

function profiles(...names: readonly string[]) {
  return [good({ version: '1', nodes: names.map((name, i) => ({ name, serial: `s${String(i)}` })) }).profile];
}

describe('what a machine is called', () => {
  test.each([
    ['rack-7', 'rack-7'],
    ['r7.example.org', 'r7.example.org'],
    ['R7', 'R7'],
    ['-r', 'node-000001'],
    ['a b', 'node-000001'],
    ['10.0.0.1:80', 'node-000001'],
    ['localhost', 'node-000001'],
    ['localhost.localdomain', 'node-000001'],
    ['debian', 'node-000001'],
    [`${'a'.repeat(64)}.org`, 'node-000001'],
  ])('that calls itself %s: %s', (hostname, name) => {
    const found = nameFor(factsOf({ mac: MAC, hostname }), []);
    expect(found).toBe(name);
    expect(hostsOf(profiles(found))).toHaveLength(1);
  });

  test('a name that is taken, in whatever case, is not given twice', () => {
    const facts = factsOf({ mac: MAC, hostname: 'rack' });
    expect(nameFor(facts, profiles('RACK'))).toBe('node-000001');
    expect(nameFor(facts, profiles('rack', 'node-000001'))).toBe('node-001b21000001');
    expect(nameFor(facts, profiles('rack', 'node-000001', 'node-001b21000001'))).toBe('node-000001-2');
    expect(nameFor(facts, profiles('rack', 'node-000001', 'node-001b21000001', 'node-000001-2'))).toBe('node-000001-3');
  });

  test('without a MAC the end of what else there is', () => {
    expect(nameFor(factsOf({ serial: 'CZC 12/34-xY' }), [])).toBe('node-1234xy');
    expect(nameFor(factsOf({ serial: '_' }), [])).toBe('node-1');
  });
});

describe('a name that somebody gives', () => {
  test.each(['', '-a', 'a b', 'a..b', '../a', 'a/b', 'x'.repeat(64), `${'abc.'.repeat(64)}abc`])(
    '%j is none',
    (name) => {
      expect(() => {
        checkName(name, [], undefined);
      }).toThrow(expect.objectContaining({ code: 'invalid' }) as Error);
    },
  );

  test('must be free, or its own', () => {
    const [profile] = profiles('w1', 'w2');
    const own = profile?.nodes[0];
    expect(() => {
      checkName('W1', profiles('w1'), undefined);
    }).toThrow('has a node W1 already');
    expect(() => {
      checkName('W1', profile === undefined ? [] : [profile], own);
    }).not.toThrow();
  });
});
