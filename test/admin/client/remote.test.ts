import { describe, expect, test } from 'vitest';
import { linksElsewhere } from '../../../src/admin/client/links-elsewhere.ts';
import { serverCounter } from '../../../src/admin/client/remote.ts';
import { counterStand } from '../../support/counter-stand.ts';
import { TOKEN } from '../../support/operator-stand.ts';
import { MAC, pageOf, rowOf } from '../service/stand.ts';

const VIEW = { row: rowOf(), boots: [], because: 'b', texts: [] };

test('asks the API as it is, in its own words', async () => {
  const stand = await counterStand({
    machines: () => Promise.resolve(pageOf([rowOf()])),
    machine: () => Promise.resolve(VIEW),
    adopt: () => Promise.resolve({ file: 'profiles/w.json', name: 'n' }),
    reinstall: (key) => Promise.resolve({ key }),
  });
  const counter = serverCounter(stand, TOKEN);
  expect(await counter.machines({ text: 'a b&c', state: 'up', limit: 5 })).toEqual(pageOf([rowOf()]));
  expect(await counter.machine('serial:a/b c')).toEqual(VIEW);
  expect(await counter.adopt({ key: MAC, profile: 'w', name: 'n' })).toEqual({ file: 'profiles/w.json', name: 'n' });
  expect(await counter.reinstall('w1')).toEqual({ key: 'w1' });
  const link = await counter.loginLink();
  expect(link.url).toMatch(new RegExp(`^${stand.url}/dashboard/login\\?code=`));
  expect(link.elsewhere).toEqual([]);
  const everywhere = await serverCounter({ url: stand.url, everywhere: true }, TOKEN).loginLink();
  expect(everywhere.elsewhere).toEqual(linksElsewhere(everywhere.url));
  expect(stand.office.calls).toEqual([
    ['machines', { text: 'a b&c', state: 'up', limit: 5 }],
    ['machine', 'serial:a/b c', stand.url],
    ['adopt', { key: MAC, profile: 'w', name: 'n' }],
    ['reinstall', 'w1'],
  ]);
  await counter.close();
});

describe('who watches', () => {
  test('is called for machines, and only for them, until the end', async () => {
    const stand = await counterStand();
    const end = new AbortController();
    let calls = 0;
    const watched = serverCounter(stand, TOKEN).watch(() => {
      calls += 1;
      end.abort();
    }, end.signal);
    await until(() => stand.office.listeners.size === 1);
    stand.office.changed('profiles');
    stand.office.changed('machines');
    await watched;
    expect(calls).toBe(1);
    await until(() => stand.office.listeners.size === 0);
  });

  test('looks again by itself where no events come', async () => {
    const stand = await counterStand();
    await stand.hangUp();
    const end = new AbortController();
    let calls = 0;
    await serverCounter(stand, TOKEN).watch(() => {
      calls += 1;
      end.abort();
    }, end.signal);
    expect(calls).toBe(1);
  });
});

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}
