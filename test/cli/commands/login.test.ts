import { describe, expect, test } from 'vitest';
import { counterStand, runAt } from '../../support/counter-stand.ts';
import { makeFolder } from '../../support/folder.ts';

describe('pilotlight login', () => {
  test('prints a link that is good for one visit', async () => {
    const stand = await counterStand();
    const { code, stdout, stderr } = await runAt(stand.dir, ['login']);
    expect([code, stderr]).toEqual([0, '']);
    const link = new URL(stdout.trim());
    expect(link.origin).toBe(stand.url);
    const visit = async (): Promise<number> => (await fetch(link)).status;
    expect([await visit(), await visit()]).toEqual([200, 403]);
  });

  test('has each time another one, also for programs', async () => {
    const stand = await counterStand();
    const links = new Set<string>();
    for (let i = 0; i < 3; i += 1) {
      const { stdout } = await runAt(stand.dir, ['login', '--json']);
      const { url, expiresAt } = JSON.parse(stdout) as { url: string; expiresAt: number };
      expect(expiresAt).toBeGreaterThan(Date.now());
      links.add(url);
    }
    expect(links.size).toBe(3);
  });

  test('needs a server', async () => {
    const { code, stdout, stderr } = await runAt(makeFolder(), ['login']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no server runs on this data directory (start it with `pilotlight serve`');
  });
});
