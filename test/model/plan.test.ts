import { describe, expect, it } from 'vitest';
import { originFromHost } from '../../src/model/origin.ts';
import { artifactUrl } from '../../src/model/plan.ts';

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
