import { expect, it } from 'vitest';
import { findNode } from '../../src/exports/find-node.ts';
import { profileOf } from './sample.ts';

const profiles = [profileOf('p', [{ name: 'a-coreos' }]), profileOf('q', [{ name: 'b-coreos' }])];

it('finds a node and its profile', () => {
  expect(findNode(profiles, 'b-coreos')).toMatchObject({ profile: { name: 'q' }, node: { name: 'b-coreos' } });
});

it('names the nearest when there is none, or where they are listed', () => {
  expect(() => findNode(profiles, 'b-corose')).toThrow(
    expect.objectContaining({ code: 'not-found', remedy: 'did you mean b-coreos?' }),
  );
  expect(() => findNode([], 'x')).toThrow(expect.objectContaining({ remedy: '`pilotlight export hosts` lists them' }));
});
