import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DiscoverAt, discoverOffers, sendFrom } from '../../src/dhcp/discover.ts';
import { netbootMachine } from '../../src/dhcp/machine.ts';
import { type DhcpFields, type DhcpPacket, encodeDhcp } from '../../src/dhcp/packet.ts';
import { MAC, parsed } from '../support/dhcp-packets.ts';
import { RawClient } from '../support/tftp-client.ts';

describe('sendFrom', () => {
  it('sends from the address and port that it is told, and frees them', async () => {
    const client = await RawClient.open();
    const probe = await RawClient.open('127.0.0.6');
    const { port } = probe.socket.address();
    probe.close();
    const to = { address: '127.0.0.1', port: client.socket.address().port };
    for (const text of ['one', 'two']) {
      await sendFrom('127.0.0.6', port, Buffer.from(text), to);
      const { bytes, from } = await client.expect();
      expect([bytes.toString(), from.address, from.port]).toEqual([text, '127.0.0.6', port]);
    }
    client.close();
  });

  it('rejects when the address is not ours', async () => {
    const to = { address: '127.0.0.1', port: 9 };
    await expect(sendFrom('192.0.2.1', 0, Buffer.from('x'), to)).rejects.toThrow('EADDRNOTAVAIL');
  });
});

const AT: DiscoverAt = { interfaceName: 'eth0', address: '127.0.0.2', mac: MAC };

/** A server on loopback that hears every question and answers as it is told. */
async function serverThat(answer: (packet: DhcpPacket) => readonly Partial<DhcpFields>[]) {
  const socket: Socket = createSocket('udp4');
  const heard: DhcpPacket[] = [];
  const listen = { address: '127.0.0.3', port: 0 };
  socket.on('message', (bytes) => {
    const packet = parsed(bytes);
    heard.push(packet);
    for (const more of answer(packet)) {
      const fields = { op: 2, xid: packet.xid, mac: packet.mac, options: [[53, Buffer.from([2])] as const], ...more };
      socket.send(encodeDhcp(fields), listen.port, listen.address);
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.close();
  });
  // Any free port will do for the asker: the one that was free a moment ago.
  const free = createSocket('udp4').bind(0, listen.address);
  await once(free, 'listening');
  listen.port = free.address().port;
  free.close();
  await once(free, 'close');
  let xid = 100;
  const ask = async (at: readonly DiscoverAt[] = [AT]) =>
    await discoverOffers(at, {
      xid: () => (xid += 1),
      waitMs: 300,
      everybody: { address: '127.0.0.1', port: socket.address().port },
      listen,
    });
  return { ask, heard };
}

describe('asking for offers', () => {
  it('looks like a BIOS and like a UEFI machine, and wants the answer as a broadcast', async () => {
    const { ask, heard } = await serverThat(() => []);
    expect(await ask()).toEqual([]);
    const machines = heard.map((packet) => netbootMachine(packet));
    expect(machines.slice(0, 2)).toMatchObject([
      { mac: MAC, vendorClass: 'PXEClient', ipxe: false, target: { platform: 'pcbios', http: false } },
      { mac: MAC, vendorClass: 'PXEClient', ipxe: false, target: { platform: 'efi', arch: 'x86_64' } },
    ]);
    expect(heard.map(({ flags, op, options }) => [op, flags, options.get(53)?.[0]])).toEqual(
      heard.map(() => [1, 0x8000, 1]),
    );
    // Twice each: the first may be lost.
    expect(heard.map(({ xid }) => xid)).toEqual([101, 102, 101, 102]);
  });

  it('gives what each server says, once, and to which question', async () => {
    const options = [
      [53, Buffer.from([2])],
      [54, Buffer.from([10, 0, 0, 1])],
      [67, Buffer.from('undionly.kpxe\0')],
      [43, Buffer.from([6, 1, 8, 255])],
      [60, Buffer.from('PXEClient')],
    ] as const;
    const { ask } = await serverThat(({ xid }) =>
      xid === 101 ? [{ yiaddr: '10.0.0.57', siaddr: '10.0.0.2', file: 'f', options }] : [{ yiaddr: '10.0.0.58' }],
    );
    expect(await ask()).toEqual([
      {
        interfaceName: 'eth0',
        firmware: 'BIOS',
        server: '10.0.0.1',
        yiaddr: '10.0.0.57',
        nextServer: '10.0.0.2',
        file: 'f',
        option67: 'undionly.kpxe',
        option43: '060108ff',
        vendorClass: 'PXEClient',
      },
      {
        interfaceName: 'eth0',
        firmware: 'UEFI x86_64',
        server: '127.0.0.1',
        yiaddr: '10.0.0.58',
        nextServer: '0.0.0.0',
        file: '',
        option67: '',
        option43: '',
        vendorClass: '',
      },
    ]);
  });

  it('tells the networks apart by their questions', async () => {
    const { ask } = await serverThat(({ xid }) => [{ yiaddr: `10.0.0.${xid}` }]);
    const offers = await ask([AT, { ...AT, interfaceName: 'eth1', address: '127.0.0.4' }]);
    expect(offers.map(({ interfaceName, yiaddr }) => [interfaceName, yiaddr])).toEqual([
      ['eth0', '10.0.0.101'],
      ['eth0', '10.0.0.102'],
      ['eth1', '10.0.0.103'],
      ['eth1', '10.0.0.104'],
    ]);
  });

  it.each([
    ['for another question', { xid: 7 }],
    ['for another machine', { mac: '52:54:00:00:00:01' }],
    ['that is a request', { op: 1 }],
    ['that is no offer', { options: [[53, Buffer.from([5])]] }],
    ['without a type', { options: [] }],
  ] as readonly (readonly [string, Partial<DhcpFields>])[])('passes over an answer %s', async (_what, fields) => {
    const { ask } = await serverThat(() => [fields]);
    expect(await ask()).toEqual([]);
  });

  it('makes what it prints harmless', async () => {
    const { ask } = await serverThat(() => [{ file: 'a\u001b[2Jb\n' }]);
    expect((await ask())[0]?.file).toBe('a?[2Jb?');
  });
});
