import { describe, expect, it } from 'vitest';
import { artifactUrl, originFromHost, parseOrigin } from '../../src/model/plan.ts';

describe('originFromHost', () => {
  it.each(['10.0.2.2:4777', 'boot.lan', '[::1]:4777', 'x_y-z.example:1'])('takes %s', (host) => {
    expect(originFromHost(host)).toBe(`http://${host}`);
  });
  it.each(['', 'a b', 'a/b', 'a\nb', '${x}', 'user@host', 'a:b', 'host:123456', '-a'])('refuses %j', (host) => {
    expect(originFromHost(host)).toBeUndefined();
  });
});

describe('parseOrigin', () => {
  it.each([
    ['coreos-ipxe.nurm.local:4777', 'http://coreos-ipxe.nurm.local:4777'],
    ['http://boot.lan:4777/', 'http://boot.lan:4777'],
    ['https://boot.lan/pilotlight//', 'https://boot.lan/pilotlight'],
  ])('%s', (text, origin) => {
    expect(parseOrigin(text)).toBe(origin);
  });
  it.each(['', 'ftp://x', 'http://', 'http://a b', 'http://a/?q', 'http://a/#x', 'http://${x}'])(
    'refuses %j',
    (text) => {
      expect(parseOrigin(text)).toBeUndefined();
    },
  );
});

describe('artifactUrl', () => {
  const origin = originFromHost('h:4777');
  if (origin === undefined) throw new Error('the test is wrong');

  it('points below images/, every segment encoded, readable where that is legal', () => {
    expect(artifactUrl({ kind: 'shelf', path: 'talos/v1+a@b=c,d:e/x y#z?&%' }, origin)).toBe(
      'http://h:4777/images/talos/v1+a@b=c,d:e/x%20y%23z%3F%26%25',
    );
  });

  it('leaves URLs as they are', () => {
    expect(artifactUrl({ kind: 'url', url: 'http://x/a b' }, origin)).toBe('http://x/a b');
  });
});
