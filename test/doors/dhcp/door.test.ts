import { afterEach, describe, expect, it } from 'vitest';
import {
  createDhcpDoor,
  type DhcpDeps,
  type DhcpDoor,
  type DhcpSettings,
  type MachineEvent,
} from '../../../src/doors/dhcp/door.ts';
import type { LocalAddress } from '../../../src/doors/local-addresses.ts';
import type { DhcpFields } from '../../../src/wire/dhcp/encode.ts';
import type { NetbootMachine } from '../../../src/wire/dhcp/machine.ts';
import type { BootChoice } from '../../../src/wire/dhcp/proxy-reply.ts';
import { discover, FIRMWARE, optionsOf, parsed, question } from '../../support/dhcp-packets.ts';
import { RawClient } from '../../support/tftp-client.ts';
import { keepingLog, until } from '../../support/tftp-server.ts';
import { chance, mutant } from '../../support/udp-fuzz.ts';

// Loopback cannot broadcast: 127.0.0.77 stands for 255.255.255.255, the client's address for "every client".
const EVERYBODY = '127.0.0.77';
const SERVER = '127.0.0.1';
const OVMF = discover(optionsOf('OVMF 2022.11, PXEv4'));

/** An interface for each address, and a network for each: loopback is one network, which no test here may be fooled by. */
const local = (...addresses: string[]): LocalAddress[] =>
  addresses.map((address, i) => ({
    interfaceName: `lo${String(i)}`,
    address,
    family: 4,
    internal: false,
    netmask: '255.255.255.255',
  }));
const THREE = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
/** A REQUEST that names this server, as an answer to its offer. */
const naming = (server: string, fields: Partial<DhcpFields> = {}): Buffer =>
  question(3, [...optionsOf('OVMF 2022.11, PXEv4'), [54, Buffer.from(server.split('.').map(Number))]], fields);

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

  /** Hears what goes to every machine. */
  async function hearing(): Promise<{ hears: RawClient; everybody: { address: string; port: number } }> {
    const hears = await RawClient.open(EVERYBODY);
    cleanup.push(() => {
      hears.close();
    });
    return { hears, everybody: { address: EVERYBODY, port: hears.socket.address().port } };
  }

  it('answers at each interface with its own address where nothing says at which the machine is, and counts one', async () => {
    const { hears, everybody } = await hearing();
    const told: MachineEvent[] = [];
    const { client, port, door, log } = await lan(
      { limits: { perKey: 1, total: 1 } },
      { everybody, addresses: () => local(...THREE), onMachine: (event) => told.push(event) },
    );
    client.send(discover(optionsOf('iPXE 1.0.0+git-20190125, snponly.efi')), port, EVERYBODY);
    const answers = [await hears.expect(), await hears.expect(), await hears.expect()].map(({ bytes, from }) => ({
      from: from.address,
      siaddr: parsed(bytes).siaddr,
      file: parsed(bytes).file,
    }));
    expect(answers.sort((a, b) => a.from.localeCompare(b.from))).toEqual(
      THREE.map((address) => ({ from: address, siaddr: address, file: `http://${address}:4777/boot.ipxe` })),
    );
    expect(door.counters).toMatchObject({ answered: 1, limited: 0, unsent: 0 });
    expect(door.counters.silences.size).toBe(0);
    expect(told).toHaveLength(1);
    expect(log.lines).toHaveLength(1);
  });

  it('notes and counts a machine that is left alone once, however many interfaces there are', async () => {
    const told: MachineEvent[] = [];
    let chosen = 0;
    const choose = (): BootChoice => {
      chosen += 1;
      return { silence: 'it boots its own disk' };
    };
    const { client, port, door } = await lan(
      {},
      { choose, addresses: () => local(...THREE), onMachine: (event) => told.push(event) },
    );
    client.send(OVMF, port, EVERYBODY);
    await until(() => told.length > 0);
    expect([told.length, chosen, [...door.counters.silences]]).toEqual([1, 1, [['not to be booted', 1]]]);
  });

  it('acknowledges a REQUEST that names its second address, once and from there', async () => {
    const { hears, everybody } = await hearing();
    const { client, port, door } = await lan({}, { everybody, addresses: () => local(...THREE) });
    client.send(naming('127.0.0.2'), port, EVERYBODY);
    client.send(naming('127.0.0.9', { xid: 2 }), port, EVERYBODY);
    client.send(naming('127.0.0.3', { xid: 3 }), port, EVERYBODY);
    const answers = [await hears.expect(), await hears.expect()].map(({ bytes, from }) => [
      from.address,
      parsed(bytes).siaddr,
      parsed(bytes).options.get(53)?.[0],
    ]);
    expect(answers).toEqual([
      ['127.0.0.2', '127.0.0.2', 5],
      ['127.0.0.3', '127.0.0.3', 5],
    ]);
    expect(door.counters).toMatchObject({ answered: 2, limited: 0 });
    expect(Object.fromEntries(door.counters.silences)).toEqual({ 'for another server': 1 });
    expect(hears.all).toHaveLength(2);
  });

  it('answers where the machine has named us the next time that it asks', async () => {
    const { hears, everybody } = await hearing();
    const { client, port } = await lan({}, { everybody, addresses: () => local(...THREE) });
    client.send(naming('127.0.0.2'), port, EVERYBODY);
    await hears.expect();
    client.send(discover(optionsOf('iPXE 1.0.0+git-20190125, snponly.efi'), { xid: 7 }), port, EVERYBODY);
    client.send(naming('127.0.0.1', { mac: '52:54:00:00:00:99' }), port, EVERYBODY);
    const after = [await hears.expect(), await hears.expect()].map(({ from }) => from.address);
    expect(after).toEqual(['127.0.0.2', '127.0.0.1']);
  });

  it('answers a broadcast that came by two interfaces once', async () => {
    const { hears, everybody } = await hearing();
    const { client, port, door } = await lan({}, { everybody, now: () => 0 });
    for (const xid of [1, 1, 2]) client.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { xid }), port, EVERYBODY);
    const xids = [await hears.expect(), await hears.expect()].map(({ bytes }) => parsed(bytes).xid);
    expect(xids).toEqual([1, 2]);
    expect(door.counters.answered).toBe(2);
    expect(Object.fromEntries(door.counters.silences)).toEqual({ 'heard twice': 1 });
  });

  it('answers the next machine where a decision fails, and logs it', async () => {
    const choose = (machine: NetbootMachine): BootChoice => {
      if (machine.mac.endsWith('99')) throw new TypeError('a fault');
      return { file: 'snponly.efi' };
    };
    const { client, bootServerPort, log } = await lan({}, { choose });
    const options = optionsOf('OVMF 2022.11, PXEv4');
    client.send(question(3, options, { mac: '52:54:00:00:00:99' }), bootServerPort, SERVER);
    client.send(question(3, options), bootServerPort, SERVER);
    await client.expect();
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'dhcp: the question could not be answered'],
      ['info', 'dhcp: told where to boot from'],
    ]);
  });

  it('case 20-raspberry-pi: says once for each machine that it gets no answer, and what to do', async () => {
    const { client, port, door, log } = await lan();
    const pi = optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM', { 77: undefined, 175: undefined });
    for (const [mac, xid] of [
      ['dc:a6:32:01:02:03', 1],
      ['dc:a6:32:01:02:03', 2],
      ['dc:a6:32:01:02:04', 3],
    ] as const) {
      client.send(discover(pi, { mac, xid }), port, EVERYBODY);
    }
    await until(() => door.counters.silences.get('the firmware of a Raspberry Pi') === 3);
    const lines = log.lines.filter(({ level }) => level === 'info').map(({ fields, message }) => [message, fields]);
    expect(lines).toEqual(
      ['dc:a6:32:01:02:03', 'dc:a6:32:01:02:04'].map((mac) => [
        'dhcp: the machine gets no answer',
        {
          mac,
          reason: 'the firmware of a Raspberry Pi',
          remedy: 'put UEFI firmware on its card, see docs/network.md',
        },
      ]),
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
    expect(log.lines).toMatchObject([{ level: 'info', fields: { reason: 'boots locally' } }]);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    await until(() => told.length === 2);
    expect(log.lines).toMatchObject([{ level: 'info' }, { level: 'debug', fields: { reason: 'boots locally' } }]);
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
    const clock = { now: 0 };
    const { client, bootServerPort, door } = await lan({}, { now: () => clock.now });
    const bytes = question(3, optionsOf('OVMF 2022.11, PXEv4'));
    for (let i = 0; i < 60; i += 1) client.send(bytes, bootServerPort, SERVER);
    await until(() => door.counters.answered + door.counters.limited === 60);
    expect(door.counters.answered).toBe(10);
    clock.now = 1_000;
    client.send(bytes, bootServerPort, SERVER);
    await until(() => door.counters.answered === 11);
  });

  it('answers a thousand machines that are switched on in one moment, and does not log each of them', async () => {
    // One moment, however long it takes here: the limits look at the clock.
    const { client, bootServerPort, door, log } = await lan({}, { now: () => 0 });
    for (let i = 0; i < 1_000; i += 1) {
      const mac = `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
      client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { mac }), bootServerPort, SERVER);
      if (i % 50 === 49) await until(() => door.counters.answered + door.counters.limited === i + 1);
    }
    expect(door.counters).toMatchObject({ answered: 1_000, limited: 0 });
    const levels = log.lines
      .filter(({ message }) => message === 'dhcp: told where to boot from')
      .map(({ level }) => level);
    expect(levels).toEqual([...Array<string>(200).fill('info'), ...Array<string>(800).fill('debug')]);
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

  it('goes on past an address that it cannot open, tells it once, and takes it when it can be opened', async () => {
    // 192.0.2.1 is no address of this host (RFC 5737): it cannot be bound.
    const now = { addresses: local(SERVER) };
    const { door, log } = await lan({}, { addresses: () => now.addresses, rescanMs: 5 });
    now.addresses = local('192.0.2.1', SERVER, '127.0.0.3');
    await until(() => door.serving().join(' ') === `${SERVER} 127.0.0.3`);
    const looked = { times: 0 };
    const wait = now.addresses;
    Object.defineProperty(now, 'addresses', {
      get: () => {
        looked.times += 1;
        return wait;
      },
    });
    await until(() => looked.times > 3);
    const left = log.lines.filter(({ message }) => message === 'dhcp: an address is left out');
    expect(left).toMatchObject([{ level: 'warn', fields: { address: '192.0.2.1' } }]);
  });

  it('starts where one of its addresses can be opened, and does not where none can', async () => {
    const { door } = await lan({}, { addresses: () => local('192.0.2.1', '127.0.0.2') });
    expect(door.serving()).toEqual(['127.0.0.2']);
    await expect(lan({}, { addresses: () => local('192.0.2.1') })).rejects.toThrow('of 192.0.2.1 cannot be opened');
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
