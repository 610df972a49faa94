import { describe, expect, it, onTestFinished } from 'vitest';
import type { DhcpFields } from '../../src/dhcp/packet.ts';
import { createEchoes, DhcpCounters, type MachineEvent } from '../../src/dhcp/server.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import { EVERYBODY, lan, local, OVMF, SERVER } from '../support/dhcp-lan.ts';
import { discover, FIRMWARE, optionsOf, parsed, question } from '../support/dhcp-packets.ts';
import { RawClient } from '../support/tftp-client.ts';
import { until } from '../support/tftp-server.ts';
import { chance, mutant } from '../support/udp-fuzz.ts';

const packet = (fields: Partial<DhcpFields> = {}, type = 1) =>
  parsed(question(type, optionsOf('OVMF 2022.11, PXEv4'), fields));

describe('a broadcast that was heard already', () => {
  it('is the same packet a moment later', () => {
    const isEcho = createEchoes();
    expect([isEcho(packet(), 0), isEcho(packet(), 249), isEcho(packet(), 250)]).toEqual([false, true, false]);
  });

  it('is one for a quarter of a second after it was heard first, whatever the clock says', () => {
    const isEcho = createEchoes();
    const at = (...times: readonly number[]) => times.map((time) => isEcho(packet(), time));
    expect(at(10_000, 10_100, 10_249, 10_250, 10_499, 10_500)).toEqual([false, true, true, false, true, false]);
  });

  it('is remembered for 4,096 questions, and the oldest is forgotten first', () => {
    const isEcho = createEchoes();
    const ask = (xid: number) => isEcho(packet({ xid }), 0);
    for (let xid = 0; xid < 4096; xid += 1) expect(ask(xid)).toBe(false);
    expect([ask(0), ask(4095)]).toEqual([true, true]);
    expect(ask(4096)).toBe(false);
    expect([ask(1), ask(4096), ask(0)]).toEqual([true, true, false]);
  });

  it.each([
    ['another machine', packet({ mac: '52:54:00:00:00:01' })],
    ['another transaction', packet({ xid: 1 })],
    ['another message', packet({}, 3)],
    ['a retry, which counts the seconds', packet({ secs: 1 })],
    ['another relay', packet({ giaddr: '10.0.0.1' })],
  ])('is not %s', (_, other) => {
    const isEcho = createEchoes();
    isEcho(packet(), 0);
    expect(isEcho(other, 0)).toBe(false);
  });
});

describe('DhcpCounters', () => {
  it('counts each reason', () => {
    const counters = new DhcpCounters();
    for (const reason of ['too short', 'too long', 'too short']) counters.silent(reason);
    expect([...counters.silences]).toEqual([
      ['too short', 2],
      ['too long', 1],
    ]);
  });

  it('knows when packets were lost', () => {
    const counters = new DhcpCounters();
    counters.drop(0, 5);
    expect(counters).toMatchObject({ dropped: 0, droppedAt: undefined });
    counters.drop(3, 7);
    counters.drop(2, 9);
    expect(counters).toMatchObject({ dropped: 5, droppedAt: 9 });
  });
});

describe('the DHCP server', () => {
  it('answers a broadcast from the address of its interface and the server port', async () => {
    const hears = await RawClient.open(EVERYBODY);
    onTestFinished(() => {
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

  it('acknowledges on 4011, to where the request came from', async () => {
    const { client, bootServerPort } = await lan();
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    const { bytes, from } = await client.expect();
    expect(from).toMatchObject({ address: SERVER, port: bootServerPort });
    expect(parsed(bytes).options.get(53)).toEqual(Buffer.from([5]));
  });

  it('says nothing to who does not netboot, and counts why', async () => {
    const { client, bootServerPort, listening } = await lan();
    client.send(question(3, [[55, Buffer.from([1, 3])]]), bootServerPort, SERVER);
    client.send(Buffer.alloc(300), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { op: 2 }), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.78' }), bootServerPort, SERVER);
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    await client.expect();
    expect(client.all).toHaveLength(1);
    expect(Object.fromEntries(listening.counters.silences)).toEqual({
      'does not netboot': 1,
      'no magic cookie': 1,
      'not a request': 1,
      'unknown relay': 1,
    });
  });

  it('keeps silent where the policy does', async () => {
    const told: MachineEvent[] = [];
    const { client, bootServerPort, listening, log } = await lan(
      {},
      { choose: () => ({ silence: 'boots locally' }), onMachine: (event) => told.push(event) },
    );
    client.send(question(3, optionsOf('OVMF 2022.11, PXEv4')), bootServerPort, SERVER);
    await until(() => listening.counters.silences.size > 0);
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
    onTestFinished(() => {
      relay.close();
    });
    const without = await lan();
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.79' }), without.port, SERVER);
    const { port, listening } = await lan({ relays: ['127.0.0.79'] });
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.80' }), port, SERVER);
    relay.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { giaddr: '127.0.0.79' }), port, SERVER);
    await until(() => listening.counters.answered === 1);
    expect(Object.fromEntries(listening.counters.silences)).toEqual({ 'unknown relay': 1 });
    expect(without.listening.counters).toMatchObject({ answered: 0 });
  });

  it('answers ten a second to one machine, whatever comes', async () => {
    const clock = { now: 0 };
    const { client, bootServerPort, listening } = await lan({}, { now: () => clock.now });
    const bytes = question(3, optionsOf('OVMF 2022.11, PXEv4'));
    for (let i = 0; i < 60; i += 1) client.send(bytes, bootServerPort, SERVER);
    await until(() => listening.counters.answered + listening.counters.limited === 60);
    expect(listening.counters.answered).toBe(10);
    clock.now = 1_000;
    client.send(bytes, bootServerPort, SERVER);
    await until(() => listening.counters.answered === 11);
  });

  it('answers a thousand machines that are switched on in one moment, and does not log each of them', async () => {
    // One moment, however long it takes here: the limits look at the clock.
    const { client, bootServerPort, listening, log } = await lan({}, { now: () => 0 });
    for (let i = 0; i < 1_000; i += 1) {
      const mac = `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`;
      client.send(question(3, optionsOf('OVMF 2022.11, PXEv4'), { mac }), bootServerPort, SERVER);
      if (i % 50 === 49) await until(() => listening.counters.answered + listening.counters.limited === i + 1);
    }
    expect(listening.counters).toMatchObject({ answered: 1_000, limited: 0 });
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
    const { listening } = await lan({}, { addresses: () => now.addresses, rescanMs: 10 });
    now.addresses = local('127.0.0.2', '127.0.0.3');
    await until(() => listening.serving().join(' ') === '127.0.0.2 127.0.0.3');
    now.addresses = [];
    await until(() => listening.serving().length === 0);
  });

  it('goes on past an address that it cannot open, tells it once, and takes it when it can be opened', async () => {
    // 192.0.2.1 is no address of this host (RFC 5737): it cannot be bound.
    const now = { addresses: local(SERVER) };
    const { listening, log } = await lan({}, { addresses: () => now.addresses, rescanMs: 5 });
    now.addresses = local('192.0.2.1', SERVER, '127.0.0.3');
    await until(() => listening.serving().join(' ') === `${SERVER} 127.0.0.3`);
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
    const { listening } = await lan({}, { addresses: () => local('192.0.2.1', '127.0.0.2') });
    expect(listening.serving()).toEqual(['127.0.0.2']);
    await expect(lan({}, { addresses: () => local('192.0.2.1') })).rejects.toThrow('of 192.0.2.1 cannot be opened');
  });

  it('serves one interface where its address is named, and refuses one that is not there', async () => {
    const addresses = (): LocalAddress[] => local('127.0.0.1', '127.0.0.2');
    const { listening } = await lan({ host: '127.0.0.2' }, { addresses });
    expect(listening.serving()).toEqual(['127.0.0.2']);
    await expect(lan({ host: '127.0.0.9' }, { addresses })).rejects.toThrow('no interface has the address 127.0.0.9');
  });

  it('survives 5,000 mutants and answers the next machine', async () => {
    const { client, bootServerPort, listening } = await lan({ limits: { perKey: 1e6, total: 1e6 } });
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
    expect(listening.counters.silences.size).toBeGreaterThan(3);
  });
});
