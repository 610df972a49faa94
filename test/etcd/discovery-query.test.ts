import { expect, it } from 'vitest';
import { discoveryQuery, wholeNumber } from '../../src/etcd/discovery-query.ts';

it('reads what etcd asks for, and leaves the rest alone', () => {
  expect(discoveryQuery('quorum=false&recursive=true&wait=true&waitIndex=7&k=secret')).toEqual({
    ...{ wait: true, sorted: false, waitIndex: 7, size: 3 },
  });
  expect(discoveryQuery('sorted=true&wait=false&size=5')).toEqual({ wait: false, sorted: true, waitIndex: 0, size: 5 });
  expect(discoveryQuery('waitIndex=x&size=3.5')).toMatchObject({ waitIndex: undefined, size: undefined });
});

it('takes whole numbers only', () => {
  expect(['0', '42'].map(wholeNumber)).toEqual([0, 42]);
  expect(['', '-1', '1e3', '0x10', ' 1', '9'.repeat(16)].map(wholeNumber)).toEqual(Array(6).fill(undefined));
});
