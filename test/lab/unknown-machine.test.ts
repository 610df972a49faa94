import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { startMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const top = join(import.meta.dirname, '..', '..');
const shipped = (file: string): string => readFileSync(join(top, file), 'utf8');
const MAC = '52:54:00:47:51:e4';

const { lab, payload } = await labEquipment();

// With the files that the project ships: the seed's three nodes, of which one is not known yet.
lab.test('a machine nobody knows waits on its screen, is added to a profile and boots', async () => {
  const whole = JSON.parse(shipped('profiles/seed.json')) as { version: string; nodes: { mac: string }[] };
  const without = { ...whole, nodes: whole.nodes.filter(({ mac }) => mac !== MAC) };
  await using data = await makeDataFolder({
    'configs/seed.yml.hbs': shipped('configs/seed.yml.hbs'),
    'sshkeys/core.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 core\n',
    'profiles/seed.json': without,
  });
  await data.publish(payload, `flatcar/amd64/${whole.version}`, FLATCAR_NAMES);
  await using server = await startServer({ dataDir: data.path });
  await using machine = startMachine({ name: 'unknown', url: `${server.guestUrl}/boot.ipxe`, mac: MAC });

  // It says who it is and where to add it.
  await machine.until(new RegExp(`${MAC}[^]*profiles/`));
  await data.write('profiles/seed.json', shipped('profiles/seed.json'));

  const run = await machine.done();
  expect(run.mac).toBe(MAC);
  const golden = readFileSync(join(top, 'test', 'golden', 'lab', 'shipped-b-coreos.yml'), 'utf8');
  expect(run.documents.map(({ bytes }) => bytes.toString())).toEqual([golden]);
});
