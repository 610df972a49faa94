import { expect, it } from 'vitest';
import { discoveryPath } from '../../src/etcd/discovery-path.ts';

const T = '40134540-b53c-46b3-b34f-33b4f0ae3a9c';

it('reads both spellings of a discovery URL', () => {
  expect(discoveryPath(`/discovery/${T}`)).toEqual({ kind: 'token', token: T, form: '/discovery/' });
  const v2 = '/v2/keys/discovery/';
  expect(discoveryPath(v2 + T)).toEqual({ kind: 'token', token: T, form: v2 });
  expect(discoveryPath(`${v2}${T}/`)).toEqual({ kind: 'token', token: T, form: v2 });
  expect(discoveryPath(`${v2}${T}/_config/size`)).toEqual({ kind: 'size', token: T, form: v2 });
  expect(discoveryPath(`/discovery/${T}/8d70`)).toEqual({ kind: 'member', token: T, id: '8d70' });
  expect(discoveryPath('/discovery/')).toEqual({ kind: 'all' });
  expect(discoveryPath('/discovery/new')).toEqual({ kind: 'new' });
});

it('knows nothing else below them', () => {
  for (const rest of [
    't/_config',
    't/_state',
    't/_config/other',
    't/a/b',
    't/a/b/c',
    't//a',
    't/..',
    't/%2e%2e',
    't/%00',
  ])
    expect(discoveryPath(`/discovery/${rest}`), rest).toEqual({ kind: 'unknown' });
});

it('leaves other paths alone', () => {
  for (const path of ['/', '/discovery', '/v2/keys/other/t', '/configs/discovery/t'])
    expect(discoveryPath(path)).toBeUndefined();
});
