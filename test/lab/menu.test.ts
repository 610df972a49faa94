import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { startMachine } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const MAC = '52:54:00:00:00:99';
const { lab, payload } = await labEquipment({ files: [OVMF] });

// Debian's iPXE of 2019: its menu is text on a screen of 80 by 25, which the BIOS repeats on the serial console.
lab.test('a machine nobody knows shows the menu, chooses by itself when nobody does, and boots that', async () => {
  await using data = await makeDataFolder({
    'configs/live.yml.hbs': '#cloud-config\nhostname: live-{{vars.rack}}-{{node.mac}}\n',
    'profiles/live.json': {
      system: 'flatcar',
      version: '1.2.3',
      cloud_config: 'live',
      menu: 'Flatcar, live (rack 7)',
      vars: { rack: '7' },
    },
    'profiles/other.json': { system: 'flatcar', version: '9.9.9', menu: 'Another one' },
    'profiles/hidden.json': { system: 'flatcar', version: '9.9.9' },
  });
  await data.publish(payload, 'flatcar/amd64/1.2.3', FLATCAR_NAMES);
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_UNKNOWN: 'menu', PILOTLIGHT_MENU_TIMEOUT: '4', PILOTLIGHT_MENU_DEFAULT: 'live' },
  });
  await using machine = startMachine({ name: 'menu', url: `${server.guestUrl}/boot.ipxe`, mac: MAC });

  await machine.until(/What shall this machine boot\?/);
  const run = await machine.done();
  for (const line of [
    `MAC: ${MAC}`,
    'Another one',
    'Flatcar, live (rack 7)',
    'Wait to be adopted',
    'Boot the local disk',
  ]) {
    expect(run.text).toContain(line);
  }
  // Every word of the scripts was understood.
  expect(run.text).not.toMatch(/command not found|Usage:|Exec format error/);
  expect(run.mac).toBe(MAC);
  expect(run.cmdline).toContain('/configs/live.yml?mac=52-54-00-00-00-99&profile=live');
  expect(run.documents.map(({ bytes }) => bytes.toString())).toEqual([`#cloud-config\nhostname: live-7-${MAC}\n`]);
});

lab.test('on UEFI: who chooses to wait keeps waiting, is added to a profile, and boots', async () => {
  const live = { system: 'flatcar', version: '1.2.3', menu: 'Flatcar, live' };
  await using data = await makeDataFolder({ 'profiles/live.json': live });
  await data.publish(payload, 'flatcar/amd64/1.2.3', FLATCAR_NAMES);
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_UNKNOWN: 'menu', PILOTLIGHT_MENU_TIMEOUT: '2', PILOTLIGHT_MENU_DEFAULT: 'wait' },
  });
  const url = `${server.guestUrl}/boot.ipxe`;
  await using machine = startMachine({ name: 'menu-uefi', url, mac: MAC, firmware: 'uefi' });

  // The notice twice: it does not meet the menu again.
  await machine.until(/What shall this machine boot\?[^]*(?:No profile claims this machine[^]*){2}/);
  await data.write('profiles/live.json', { ...live, nodes: [{ name: 'a', mac: MAC }] });
  const run = await machine.done();
  expect(run.text).toContain(`mac ${MAC} is node a of profiles/live.json`);
  expect(run.text.match(/What shall this machine boot\?/g)).toHaveLength(1);
});
