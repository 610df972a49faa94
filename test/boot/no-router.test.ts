import { expect, test } from 'vitest';
import { readContext } from '../../src/context/app-context.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { factsOf, originOf } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';

// Debian's installer asks whether to go on without a router before it has its preseed, and waits.
const ANSWER = 'netcfg/no_default_route=true';
const NODE = { name: 'a', mac: '52:54:00:00:00:01' };

async function argsOf(profile: object, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const dir = makeFolder({
    'profiles/p.json': { version: '20230607', nodes: [NODE], ...profile },
    'configs/p.cfg': 'd-i debian-installer/locale string C\n',
  });
  const { preview } = await readContext(
    readSettings({ flags: {}, env: { PILOTLIGHT_DATA_DIR: dir, ...env }, cwd: dir, terminal: false }),
  );
  return preview.args(factsOf({ mac: '525400000001' }), originOf()).args;
}

const DEBIAN = { system: 'debian', preseed: 'p.cfg', console: ['ttyS0'] };
const SERVER = { PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RANGE: '192.168.50.100-192.168.50.200' };

test("Debian's installer goes on without a router where our own DHCP names none", async () => {
  const args = await argsOf(DEBIAN, SERVER);
  expect(args).toContain(ANSWER);
  expect(args.indexOf(ANSWER)).toBeLessThan(args.indexOf('---'));
  expect(await argsOf({ ...DEBIAN, system: 'custom', kernel: 'custom/linux' }, SERVER)).toContain(ANSWER);
});

test.each([
  ['a router is named', { ...SERVER, PILOTLIGHT_DHCP_ROUTERS: '192.168.50.1' }],
  ['another server gives addresses', { PILOTLIGHT_DHCP: 'proxy' }],
  ['only IPv6 addresses are given', { ...SERVER, PILOTLIGHT_DHCP_RANGE: 'fd00:50::/64' }],
  ['there is no DHCP', {}],
])('its kernel line says nothing of that where %s', async (_, env) => {
  expect(await argsOf(DEBIAN, env)).not.toContain(ANSWER);
});

test('a profile that answers itself wins, and others hear nothing of it', async () => {
  const own = 'netcfg/no_default_route=false';
  const said = (await argsOf({ ...DEBIAN, kernel_args: [own] }, SERVER)).filter((arg) => arg.startsWith('netcfg/'));
  expect(said).toEqual([own]);
  expect(await argsOf({ system: 'flatcar', version: '4593.2.5' }, SERVER)).not.toContain(ANSWER);
});
