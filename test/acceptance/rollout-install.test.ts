import { expect, test } from 'vitest';
import { addFiles, makeFolder } from '../support/folder.ts';
import { macOf, NEW, OLD, rolloutFolder } from '../support/rollout-setup.ts';
import { serveChild } from '../support/served.ts';

const TOKEN = 'a-token-of-this-test-0123456789';

test('a profile that installs: new installations go in waves, what is installed boots its disk, kill -9 loses nothing', async () => {
  const dir = makeFolder({});
  const rollout = { canaries: ['w1', 'w2'], waves: ['50%'], soak: 0, tolerate: 1 };
  addFiles(dir, rolloutFolder({ rollout, phone_home: false, install: { disk: '/dev/sda' } }));
  const images = [OLD, NEW].flatMap((version) =>
    ['', '.sig'].map((end) => [`images/flatcar/amd64/${version}/flatcar_production_image.bin.bz2${end}`, 'image']),
  );
  addFiles(dir, Object.fromEntries(images) as Record<string, string>);
  const env = { PILOTLIGHT_ADMIN_TOKEN: TOKEN, PILOTLIGHT_REPORTS: 'open' };
  let server = serveChild(dir, { env });
  let url = `http://127.0.0.1:${await server.port}`;
  const script = async (number: number): Promise<string> =>
    await (await fetch(`${url}/ipxe?mac=${macOf(number)}&platform=efi&arch=x86_64`)).text();
  const version = async (number: number): Promise<string | undefined> =>
    /flatcar\/amd64\/([\d.]+)\//.exec(await script(number))?.[1];
  const installed = async (number: number): Promise<void> => {
    expect((await fetch(`${url}/installed/${macOf(number)}`, { method: 'POST' })).status).toBe(200);
  };
  const open = async (): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/rollouts`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    const { rollouts } = (await answer.json()) as { readonly rollouts: readonly { readonly stage: number }[] };
    return rollouts[0]?.stage ?? -1;
  };
  // One is installed before.
  expect(await version(30)).toBe(OLD);
  await installed(30);
  const begun = await fetch(`${url}/api/v1/profiles/w/rollout`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ to: NEW }),
  });
  expect([begun.status, begun.ok ? '' : await begun.text()]).toEqual([200, '']);
  expect([await version(1), await version(5)]).toEqual([NEW, OLD]);
  await installed(1);
  expect(await version(2)).toBe(NEW);
  server.child.kill('SIGKILL');
  await server.ended;
  server = serveChild(dir, { env });
  url = `http://127.0.0.1:${await server.port}`;
  expect(await open()).toBe(0);
  await installed(2);
  await expect.poll(open).toBe(1);
  // No disk is wiped by a version: not of canaries, and not of the one from before.
  for (const number of [1, 2, 30]) expect(await version(number)).toBeUndefined();
  const others = Array.from({ length: 29 }, (_, i) => i + 1).slice(2);
  const got = await Promise.all(others.map(version));
  expect(new Set(got)).toEqual(new Set([OLD, NEW]));
});
