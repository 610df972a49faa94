import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CHROMIUM, openBrowser } from '../support/browser.ts';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { setUpLan } from '../support/lab-lan.ts';
import { startMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const MAC = '52:54:00:ad:09:01';
const BASE = 'http://192.168.122.10:4777';
const TOKEN = 'a-token-of-this-test-alone';

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq'],
  files: [CHROMIUM, '/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
});

interface Seen {
  readonly row: object;
  readonly boots: readonly { readonly events: readonly { readonly kind: string }[] }[];
}

// The whole story of a machine that none declared: plugged in beside a router that none may change, seen on the
// dashboard, adopted there in two clicks, booted, up; and every step of it is in its timeline.
lab.test('a machine nobody knows is adopted through the dashboard, boots and phones home', async () => {
  using lan = setUpLan('adopt', 1);
  await using data = await makeDataFolder({
    'configs/worker.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n',
    'profiles/workers.json': {
      system: 'flatcar',
      version: '4593.2.5',
      cloud_config: 'worker',
      boot_timeout: 600,
      kernel_args: ['console=ttyS0', `phone-home-url=${BASE}/phone-home/${MAC.replaceAll(':', '-')}`],
    },
  });
  await data.publish(payload, 'flatcar/amd64/4593.2.5', FLATCAR_NAMES);
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69', PILOTLIGHT_DHCP: 'proxy', PILOTLIGHT_ADMIN_TOKEN: TOKEN },
    netns: { name: lan.server, address: '192.168.122.10', port: 4777 },
  });
  lan.run('dhcp', 'plain');
  await using machine = startMachine({
    name: 'adopt',
    mac: MAC,
    lan: { netns: lan.gateway, tap: 'tap0' },
    // A card whose ROM is no iPXE: it fetches undionly.kpxe over TFTP first.
    kernel: '/usr/lib/ipxe/ipxe.lkrn',
    append: 'set user-class PXEClient && autoboot',
  });
  await machine.until(/No profile claims this machine/);

  await using browser = await openBrowser({ netns: lan.server });
  const page = await browser.context.newPage();
  await page.goto(`${BASE}/dashboard`);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Log in' }).click();
  // First click: it is there, unknown. Second click: it has a profile and a name.
  await page
    .getByRole('link', { name: /^Adopt/ })
    .first()
    .click();
  await page.getByLabel('Profile').selectOption('workers');
  await page.getByLabel('Name').fill('w1');
  const clicked = performance.now();
  await page.getByRole('button', { name: /^Adopt/ }).click();
  await machine.until(/^E2E START/m);
  // It asks every five seconds; the kernel needs some seconds of its own under emulation.
  expect((performance.now() - clicked) / 1000).toBeLessThan(30);

  const run = await machine.done();
  expect(run.text).toContain('E2E PHONE-HOME ok');
  expect(run.documents.map(({ bytes }) => bytes.toString())).toEqual(['#cloud-config\nhostname: w1\n']);
  expect(JSON.parse(readFileSync(join(data.path, 'profiles/workers.json'), 'utf8'))).toMatchObject({
    nodes: [{ name: 'w1', mac: MAC }],
  });

  // Asked by the browser, with its session: it is the one that stands on the LAN. The journal writes a few times a second.
  const ask = async (): Promise<Seen> =>
    JSON.parse(
      await page.evaluate(async (path) => await (await fetch(path)).text(), `/api/v1/machines/${MAC}`),
    ) as Seen;
  await expect.poll(ask, { timeout: 60_000 }).toMatchObject({ row: { state: 'up', name: 'w1', profile: 'workers' } });
  const { boots } = await ask();

  await page.goto(`${BASE}/dashboard/machines/${encodeURIComponent(MAC)}`);
  const main = page.getByRole('main');
  const told = await main.innerText();
  for (const step of ['DHCP', 'undionly.kpxe', 'script', FLATCAR_NAMES.kernel, FLATCAR_NAMES.initramfs, 'worker.yml']) {
    expect(told).toContain(step);
  }
  // No error in its log: pino's level 50.
  expect(server.log()).not.toContain('"level":50');
  const kinds = new Set(boots.flatMap(({ events }) => events.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual(
    expect.arrayContaining(['dhcp', 'document', 'file', 'operator', 'phone-home', 'script', 'tftp']),
  );
});
