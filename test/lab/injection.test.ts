import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { canaryPrinted } from '../support/lab-console.ts';
import { makeDataFolder, type DataFolder } from '../support/lab-data.ts';
import { bootMachine, type MachineRun } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';

// Text from outside in scripts that a real iPXE runs: whatever it says, `echo INJECTED` may never become a command.
// (Seen in the field: newlines in kernel arguments of Ironic, CVE-2026-46447.)
const SAID = '(Asking again in|Trying again in) [0-9]+ s';
const KNOWN = '52:54:00:aa:01:01';
const STRANGER = '52:54:00:aa:01:02';

const { lab } = await labEquipment();

/** A machine whose board says these things. */
function smbios(serial: string, product: string, asset: string): readonly string[] {
  const doubled = (text: string): string => text.replaceAll(',', ',,');
  return [
    ...['-smbios', `type=1,manufacturer=M || echo INJECTED,product=${doubled(product)},serial=${doubled(serial)}`],
    ...['-smbios', `type=3,asset=${doubled(asset)}`],
  ];
}

lab.describe('no text from outside becomes an iPXE command', () => {
  let data: DataFolder;
  let server: LabServer;

  beforeAll(async () => {
    data = await makeDataFolder({
      'profiles/tricky.json': {
        system: 'custom',
        kernel: 'custom/not-there',
        nodes: [{ name: 'n ; echo INJECTED', mac: KNOWN, vars: { a: '${net0/mac}\necho INJECTED' } }],
      },
      'profiles/refused.json': {
        system: 'custom',
        kernel: 'custom/not-there',
        kernel_args: ['b && echo INJECTED', 'a\necho INJECTED'],
        console: ['ttyS0\necho INJECTED'],
        nodes: [{ name: 'r', mac: '52:54:00:aa:01:03' }],
      },
    });
    server = await startServer({ dataDir: data.path });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  });

  async function watch(
    name: string,
    mac: string,
    path = '/boot.ipxe',
    qemu: readonly string[] = [],
  ): Promise<MachineRun> {
    const run = await bootMachine({
      name,
      url: `${server.guestUrl}${path}`,
      mac,
      qemu,
      expect: SAID,
    });
    expect(canaryPrinted(run.text), run.text).toBe(false);
    return run;
  }

  lab.test('the canary sings when a script does hold the command', async () => {
    const naive = createServer((_, response) => {
      response.end('#!ipxe\necho serial: S\necho INJECTED\necho Asking again in 9 s\nsleep 9\n');
    }).listen(0, '127.0.0.1');
    await once(naive, 'listening');
    const url = `http://10.0.2.2:${(naive.address() as AddressInfo).port}/`;
    const run = await bootMachine({ name: 'canary', url, mac: STRANGER, expect: SAID });
    naive.close();
    expect(canaryPrinted(run.text)).toBe(true);
  });

  lab.test('what a board says of itself', async () => {
    const tricks = smbios('S && echo INJECTED', 'P ; echo INJECTED ${net0/mac}', '# echo INJECTED');
    const run = await watch('board', STRANGER, '/boot.ipxe', tricks);
    expect(run.text).toContain(`MAC: ${STRANGER}`);
    expect(run.text).toMatch(/Serial: S/);
  });

  lab.test('a board that says line breaks', async () => {
    await watch('line-breaks', STRANGER, '/boot.ipxe', smbios('S\necho INJECTED', 'P\r\necho INJECTED', 'A'));
  });

  lab.test('what a query says', async () => {
    // At most 127 bytes in all: see bootvm.sh.
    const tricks = 'serial=x%20;%20echo%20INJECTED&asset=%24%7Buuid%7D';
    const run = await watch('query', STRANGER, `/ipxe?mac=52-54-00-aa-01-02&${tricks}`);
    expect(run.text).toContain('Serial: x');
  });

  lab.test("what the operator's own files say of a node, on the screen of the machine that waits", async () => {
    const run = await watch('own-files', KNOWN);
    expect(run.text).toContain('nodes[0].name');
  });

  lab.test('a profile that holds commands is refused, and its machine is told', async () => {
    const run = await watch('refused', '52:54:00:aa:01:03');
    expect(run.text).toContain('kernel_args[0]');
  });
});
