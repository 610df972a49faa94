import { describe, expect, it } from 'vitest';
import { differences } from '../../src/fleet/three-way.ts';

const tree = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => word.split('=') as [string, string]),
  );
const paths = (base: string, theirs: string, ours: string) => {
  const { take, give, clash } = differences(tree(base), tree(theirs), tree(ours));
  return [take, give, clash].map((list) => list.map(({ path }) => path).join(' '));
};

describe('what this server and the fleet hold', () => {
  it.each([
    ['nothing changed', 'configs/a=1', 'configs/a=1', 'configs/a=1', ['', '', '']],
    ['changed there', 'configs/a=1', 'configs/a=2', 'configs/a=1', ['configs/a', '', '']],
    ['added there', '', 'configs/a=2', '', ['configs/a', '', '']],
    ['removed there', 'configs/a=1', '', 'configs/a=1', ['configs/a', '', '']],
    ['changed here', 'configs/a=1', 'configs/a=1', 'configs/a=2', ['', 'configs/a', '']],
    ['added here', '', '', 'configs/a=2', ['', 'configs/a', '']],
    ['removed here', 'configs/a=1', 'configs/a=1', '', ['', 'configs/a', '']],
    ['the same in both', 'configs/a=1', 'configs/a=2', 'configs/a=2', ['', '', '']],
    ['changed in both', 'configs/a=1', 'configs/a=2', 'configs/a=3', ['', '', 'configs/a']],
    ['added in both', '', 'configs/a=2', 'configs/a=3', ['', '', 'configs/a']],
    ['removed there, changed here', 'configs/a=1', '', 'configs/a=3', ['', '', 'configs/a']],
    ['removed here, changed there', 'configs/a=1', 'configs/a=2', '', ['configs/a', '', '']],
    ['removed in both', 'configs/a=1', '', '', ['', '', '']],
  ])('%s', (_, base, theirs, ours, wanted) => {
    expect(paths(base, theirs, ours)).toEqual(wanted);
  });

  it('a folder that lost all of several files gets them back; the last of one file goes', () => {
    const all = 'profiles/a.json=1 profiles/b.json=2 configs/a=3';
    expect(paths(all, all, 'configs/a=3')).toEqual(['profiles/a.json profiles/b.json', '', '']);
    expect(paths(all, all, 'profiles/a.json=1 profiles/b.json=2')).toEqual(['', 'configs/a', '']);
    expect(paths(all, all, 'profiles/a.json=1 configs/a=3')).toEqual(['', 'profiles/b.json', '']);
    // The fleet changed one, and removed another: what is left of it comes.
    expect(paths(`${all} profiles/c.json=1`, 'profiles/a.json=9 configs/a=3 profiles/c.json=1', 'configs/a=3')[2]).toBe(
      '',
    );
  });

  it('a profile is written behind what it names, and removed before it', () => {
    const gone = 'profiles/old.json=1 configs/old=1 ';
    const came = 'profiles/new.json=1 configs/new=1 sshkeys/k.pub=1';
    expect(paths(gone, came, gone)[0]).toBe(
      'configs/new sshkeys/k.pub profiles/new.json profiles/old.json configs/old',
    );
  });
});
