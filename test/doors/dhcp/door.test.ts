import { afterEach, describe, expect, it } from 'vitest';
import {
  createDhcpDoor,
  type DhcpDeps,
  type DhcpDoor,
  type DhcpSettings,
  type MachineEvent,
} from '../../../src/doors/dhcp/door.ts';
import type { LocalAddress } from '../../../src/doors/local-addresses.ts';
import { discover, FIRMWARE, optionsOf, parsed, question } from '../../support/dhcp-packets.ts';
import { RawClient } from '../../support/tftp-client.ts';
import { keepingLog, until } from '../../support/tftp-server.ts';
import { chance, mutant } from '../../support/udp-fuzz.ts';

// Loopback cannot broadcast: 127.0.0.77 stands for 255.255.255.255, the client's address for "every client".
const EVERYBODY = '127.0.0.77';
const SERVER = '127.0.0.1';
const OVMF = discover(optionsOf('OVMF 2022.11, PXEv4'));

const local = (...addresses: string[]): LocalAddress[] =>
  addresses.map((address) => ({ interfaceName: 'lo', address, family: 4, internal: false, netmask: '255.0.0.0' }));

interface Lan {
  readonly door: DhcpDoor;
  readonly client: RawClient;
  readonly log: ReturnType<typeof keepingLog>;
  readonly port: number;
  readonly bootServerPort: number;
}

const cleanup: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Two ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const probes = [await RawClient.open(EVERYBODY), await RawClient.open(SERVER)] as const;
  const ports: [number, number] = [probes[0].socket.address().port, probes[1].socket.address().port];
  for (const probe of probes) probe.close();
  return ports;
}

async function lan(settings: Partial<DhcpSettings> = {}, deps: Partial<DhcpDeps> = {}): Promise<Lan> {
  const [port, bootServerPort] = await freePorts();
  const client = await RawClient.open('127.0.0.78');
  const log = keepingLog();
  // Packets go to the port of `port`, answers to "everybody" come back to the client's.
  const everybody = { address: EVERYBODY, port: client.socket.address().port };
  const door = createDhcpDoor(
    { host: '0.0.0.0', port, bootServerPort, ...settings },
    {
      choose: (machine, server) => ({ file: machine.ipxe ? `http://${server}:4777/boot.ipxe` : 'snponly.efi' }),
      log,
      addresses: () => local(SERVER),
      everybody,
      ...deps,
    },
  );
  await door.start();
  cleanup.push(
    () => {
      client.close();
    },
    async () => door.stop(AbortSignal.abort()),
  );
  return { door, client, log, port, bootServerPort };
}

describe('the DHCP door', () => {
  it('answers a broadcast from the address of its interface and the server port', async () => {
    const hears = await RawClient.open(EVERYBODY);
    cleanup.push(() => {
      hears.close();
    });
    const told: MachineEvent[] = [];
    const { client, port, log } = await lan(
      {},
      {
        everybody: { address: EVERYBODY, port: hears.socket.address().port },
        onMachine: (event) => told.push(event),
      },
    );
    client.send(OVMF, port, EVERYBODY);
    const { bytes, from } = await hears.expect();
    expect(from).toMatchObject({ address: SERVER, port });
    expect(parsed(bytes)).toMatchObject({ siaddr: SERVER, yiaddr: '0.0.0.0', file: 'snponly.efi' });
    expect(log.lines.at(-1)).toMatchObject({ level: 'info', fields: { mac: '52:54:00:55:1c:ee', server: SERVER } });
    expect(told).toMatchObject([{ machine: { mac: '52:54:00:55:1c:ee', ipxe: false }, file: 'snponly.efi' }]);
  });

  it('answers at each interface with its own address', async () => {
    const hears = await RawClient.open(EVERYBODY);
    cleanup.push(() => {
      hears.close();
    });
    const everybody = { address: EVERYBODY, port: hears.socket.address().port };
    const { client, port } = await lan({}, { everybody, addresses: () => local('127.0.0.1', '127.0.0.2') });
    client.send(discover(optionsOf('iPXE 1.0.0+git-20190125, snponly.efi')), port, EVERYBODY);
    const answers = [await hears.expect(), await hears.expect()].map(({ bytes, from }) => ({
      from: from.address,
      siaddr: parsed(bytes).siaddr,
      file: parsed(bytes).file,
    }));
    expect(answers.sort((a, b) => a.from.localeCompare(b.from))).toEqual(
      ['127.0.0.1', '127.0.0.2'].map((address) => ({
        from: address,
        siaddr: address,
        file: `http://${address}:4777/boot.ipxe`,
      })),
    );
  });

  it('acknowledges on 4011, to where the request came from', async () => {
    const { client, bootServerPort } = await lan();
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    const { bytes, from } = await client.expect();
    expect(from).toMatchObject({ address: SERVER, port: bootServerPort });
    expect(parsed(bytes).options.get(53)).toEqual(Buffer.from([5]));
  });

  it('says nothing to who does not netboot, and counts why', async () => {
    const { client, bootServerPort, door } = await lan();
    client.send(question(3, [[55, Buffer.from([1, 3])]]), bootServerPort, SERVER);
    client.send(Buffer.alloc(300), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { op: 2 }), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.78' }), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    await client.expect();
    expect(client.all).toHaveLength(1);
    expect(Object.fromEntries(door.counters.silences)).toEqual({
      'does not netboot': 1,
      'no magic cookie': 1,
      'not a request': 1,
      'unknown relay': 1,
    });
  });

  it('keeps silent where the policy does', async () => {
    const told: MachineEvent[] = [];
    const { client, bootServerPort, door, log } = await lan(
      {},
      { choose: () => ({ silence: 'boots locally' }), onMachine: (event) => told.push(event) },
    );
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    await until(() => door.counters.silences.size > 0);
    expect(told).toMatchObject([{ machine: { mac: '52:54:00:55:1c:ee' }, silence: 'boots locally' }]);
    expect(told[0]).not.toHaveProperty('file');
    expect(client.all).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'debug', fields: { reason: 'boots locally' } }]);
  });

  it('takes unicasts on the server port only where a relay is named', async () => {
    const relay = await RawClient.open('127.0.0.79');
    cleanup.push(() => {
      relay.close();
    });
    const without = await lan();
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.79' }), without.port, SERVER);
    const { port, door } = await lan({ relays: ['127.0.0.79'] });
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.80' }), port, SERVER);
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.79' }), port, SERVER);
    await until(() => door.counters.answered === 1);
    expect(Object.fromEntries(door.counters.silences)).toEqual({ 'unknown relay': 1 });
    expect(without.door.counters).toMatchObject({ answered: 0 });
  });

  it('answers ten a second to one machine, whatever comes', async () => {
    const { client, bootServerPort, door } = await lan();
    const bytes = question(3, optionsOf('OVMF 2022.11, PXEv4'));
    for (let i = 0; i < 60; i += 1) client.send(bytes, bootServerPort, SERVER);
    await until(() => door.counters.answered + door.counters.limited === 60);
    expect(door.counters.answered).toBe(10);
  });

  it('holds up nobody where a thousand machines are switched on at once, and does not log each of them', async () => {
    const { client, bootServerPort, door, log } = await lan();
    for (let i = 0; i < 1_000; i += 1) {
      const mac = `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
      client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { mac }), bootServerPort, SERVER);
      if (i % 50 === 49) await until(() => door.counters.answered + door.counters.limited === i + 1);
    }
    expect(door.counters).toMatchObject({ answered: 1_000, limited: 0 });
    const told = log.lines.filter(({ message }) => message === 'dhcp: told where to boot from');
    expect(told.length).toBe(1_000);
    expect(told.slice(0, 200).every(({ level }) => level === 'info')).toBe(true);
    expect(told.some(({ level }) => level === 'debug')).toBe(true);
  });

  it.each(Object.keys(FIRMWARE))(
    'is no amplifier: its answer to %s is hardly longer than the question',
    async (name) => {
      const { client, bootServerPort } = await lan();
      const asked = question(3, optionsOf(name));
      client.send(asked, bootServerPort, SERVER);
      const { bytes } = await client.expect();
      expect(bytes.length / asked.length).toBeLessThan(1.3);
    },
  );

  it('follows the addresses of the host', async () => {
    const now = { addresses: local(SERVER) };
    const { door } = await lan({}, { addresses: () => now.addresses, rescanMs: 10 });
    now.addresses = local('127.0.0.2', '127.0.0.3');
    await until(() => door.serving().join(' ') === '127.0.0.2 127.0.0.3');
    now.addresses = [];
    await until(() => door.serving().length === 0);
  });

  it('serves one interface where its address is named, and refuses one that is not there', async () => {
    const addresses = (): LocalAddress[] => local('127.0.0.1', '127.0.0.2');
    const { door } = await lan({ host: '127.0.0.2' }, { addresses });
    expect(door.serving()).toEqual(['127.0.0.2']);
    await expect(lan({ host: '127.0.0.9' }, { addresses })).rejects.toThrow('no interface has the address 127.0.0.9');
  });

  it('survives 5,000 mutants and answers the next machine', async () => {
    const { client, bootServerPort, door } = await lan({ limits: { perKey: 1e6, total: 1e6 } });
    const random = chance(5);
    const seeds = Object.keys(FIRMWARE).map((firmware) => question(3, optionsOf(firmware)));
    for (let i = 0; i < 5_000; i += 1) {
      client.send(mutant(random, seeds, 700), bootServerPort, SERVER);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const mark = Buffer.from('6655443322110077', 'hex');
    const last = question(3, optionsOf('OVMF 2022.11, PXEv4'), { xid: mark.readUInt32BE(0) });
    await until(() => {
      client.send(last, bootServerPort, SERVER);
      return client.all.some(({ bytes }) => bytes.length > 8 && bytes.readUInt32BE(4) === mark.readUInt32BE(0));
    });
    for (const { bytes } of client.all) expect(parsed(bytes)).toMatchObject({ op: 2, yiaddr: '0.0.0.0' });
    expect(door.counters.silences.size).toBeGreaterThan(3);
  });
});
