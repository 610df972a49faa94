import { describe, expect, it } from 'vitest';
import { isMemberId, memberId, readMember } from '../../src/etcd/members.ts';

describe('what a member says of itself', () => {
  it.each([
    ['infra0=http://10.0.1.10:2380', ['http://10.0.1.10:2380']],
    ['n=http://10.0.1.10:2380,n=https://node.lan:7001', ['http://10.0.1.10:2380', 'https://node.lan:7001']],
    ['Node_1.example-A=http://[fd00::1]:2380', ['http://[fd00::1]:2380']],
  ])('%s', (value, urls) => {
    expect(readMember(value)).toEqual({ name: value.split('=')[0], urls });
  });

  it.each([
    '',
    'infra0',
    '=http://10.0.1.10:2380',
    'infra0=http://10.0.1.10',
    'infra0=http://10.0.1.10:0',
    'infra0=http://10.0.1.10:65536',
    'infra0=http://10.0.1.10:2380/',
    'infra0=ftp://10.0.1.10:2380',
    'a=http://10.0.1.10:2380,b=http://10.0.1.11:2380',
    'a=http://10.0.1.10:2380,',
    'a b=http://10.0.1.10:2380',
    '<b>=http://10.0.1.10:2380',
    `a=http://${'x'.repeat(1100)}:1`,
  ])('%s is refused', (value) => {
    expect(readMember(value)).toBeUndefined();
  });

  it('computes the ID as etcd 3.4 does, without leading zeros and whatever the order of its URLs', () => {
    // Seen in etcd's own log.
    const url = 'http://127.0.6.1:38671/discovery/00000000000000000000000000000001';
    expect(memberId(['http://127.0.6.11:2380'], url)).toBe('4a9608d8cf66a90f');
    const short = 'http://127.0.6.1:35447/discovery/00000000000000000000000000000001';
    expect(memberId(['http://127.0.6.12:2380'], short)).toBe('e856a6cb05a1c13');
    expect(memberId(['http://b:1', 'http://a:1'], url)).toBe(memberId(['http://a:1', 'http://b:1'], url));
  });

  it('knows an ID', () => {
    expect(['e856a6cb05a1c13', '0'].map(isMemberId)).toEqual([true, true]);
    expect(['', 'infra0', 'E856', '12345678901234567'].map(isMemberId)).toEqual([false, false, false, false]);
  });
});
