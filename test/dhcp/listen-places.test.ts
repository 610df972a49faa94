import { describe, expect, it, onTestFinished } from 'vitest';
import type { MachineEvent } from '../../src/dhcp/server.ts';
import type { NetbootMachine } from '../../src/dhcp/machine.ts';
import { PI_REMEDY, RASPBERRY_PI } from '../../src/boot/raspberry-pi.ts';
import type { BootOffer } from '../../src/boot/boot-programs.ts';
import { EVERYBODY, hearing, lan, local, naming, OVMF, SERVER, THREE } from '../support/dhcp-lan.ts';
import { discover, optionsOf, parsed, question } from '../support/dhcp-packets.ts';
import { needs } from '../support/needs.ts';
import { RawClient } from '../support/tftp-client.ts';
import { until } from '../support/tftp-server.ts';

describe('the DHCP server at several interfaces', () => {
  it('answers at each interface with its own address where nothing says at which the machine is, and counts one', async () => {
    const { hears, everybody } = await hearing();
    const told: MachineEvent[] = [];
    const { client, port, listening, log } = await lan(
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
    expect(listening.counters).toMatchObject({ answered: 1, limited: 0, unsent: 0 });
    expect(listening.counters.silences.size).toBe(0);
    expect(told).toHaveLength(1);
    expect(log.lines).toHaveLength(1);
  });

  it('notes and counts a machine that is left alone once, however many interfaces there are', async () => {
    const told: MachineEvent[] = [];
    let chosen = 0;
    const choose = (): BootOffer => {
      chosen += 1;
      return { silence: 'it boots its own disk' };
    };
    const { client, port, listening } = await lan(
      {},
      { choose, addresses: () => local(...THREE), onMachine: (event) => told.push(event) },
    );
    client.send(OVMF, port, EVERYBODY);
    await until(() => told.length > 0);
    expect([told.length, chosen, [...listening.counters.silences]]).toEqual([1, 1, [['not to be booted', 1]]]);
  });

  it('acknowledges a REQUEST that names its second address, once and from there', async () => {
    const { hears, everybody } = await hearing();
    const { client, port, listening } = await lan({}, { everybody, addresses: () => local(...THREE) });
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
    expect(listening.counters).toMatchObject({ answered: 2, limited: 0 });
    expect(Object.fromEntries(listening.counters.silences)).toEqual({ 'for another server': 1 });
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
    const { client, port, listening } = await lan({}, { everybody, now: () => 0 });
    for (const xid of [1, 1, 2]) client.send(discover(optionsOf('OVMF 2022.11, PXEv4'), { xid }), port, EVERYBODY);
    const xids = [await hears.expect(), await hears.expect()].map(({ bytes }) => parsed(bytes).xid);
    expect(xids).toEqual([1, 2]);
    expect(listening.counters.answered).toBe(2);
    expect(Object.fromEntries(listening.counters.silences)).toEqual({ 'heard twice': 1 });
  });

  it('answers the next machine where a decision fails, and logs it', async () => {
    const choose = (machine: NetbootMachine): BootOffer => {
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
    const { client, port, listening, log } = await lan({}, { choose: () => ({ silence: RASPBERRY_PI }) });
    const pi = optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM', { 77: undefined, 175: undefined });
    for (const [mac, xid] of [
      ['dc:a6:32:01:02:03', 1],
      ['dc:a6:32:01:02:03', 2],
      ['dc:a6:32:01:02:04', 3],
    ] as const) {
      client.send(discover(pi, { mac, xid }), port, EVERYBODY);
    }
    await until(() => listening.counters.silences.get(RASPBERRY_PI) === 3);
    const lines = log.lines.filter(({ level }) => level === 'info').map(({ fields, message }) => [message, fields]);
    expect(lines).toEqual(
      ['dc:a6:32:01:02:03', 'dc:a6:32:01:02:04'].map((mac) => [
        'dhcp: the machine gets no answer',
        {
          mac,
          reason: 'the firmware of a Raspberry Pi',
          remedy: PI_REMEDY,
        },
      ]),
    );
  });
});

// A relay is answered at its port 67, which takes root to listen at.
needs({ root: true }).test('a relay gets its answer from the address that it asked, with its option 82', async () => {
  const relay = await RawClient.open('127.0.0.79', 67, true);
  onTestFinished(() => {
    relay.close();
  });
  const { port, listening } = await lan({ relays: ['127.0.0.79'] }, { addresses: () => local(...THREE) });
  const circuit = Buffer.from('0104000a0003', 'hex');
  const options = [...optionsOf('OVMF 2022.11, PXEv4'), [82, circuit] as const];
  relay.send(discover(options, { giaddr: '127.0.0.79', flags: 0 }), port, '127.0.0.3');
  const { bytes, from } = await relay.expect();
  expect(from).toMatchObject({ address: '127.0.0.3', port });
  expect(parsed(bytes)).toMatchObject({ giaddr: '127.0.0.79', siaddr: '127.0.0.3', flags: 0x8000 });
  expect(parsed(bytes).options.get(82)).toEqual(circuit);
  expect(listening.counters).toMatchObject({ answered: 1, unsent: 0 });
});
