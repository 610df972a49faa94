import { expect, it } from 'vitest';
import { SYSTEM_IDS } from '../../src/model/profile.ts';
import { FEEDS } from '../../src/os/feeds.ts';

it('every system has its feed, under its own name', () => {
  expect(SYSTEM_IDS.map((id) => FEEDS[id].id)).toEqual([...SYSTEM_IDS]);
  expect(
    SYSTEM_IDS.filter((id) => id !== 'custom').every((id) => FEEDS[id].base('stable').startsWith('https://')),
  ).toBe(true);
});
