import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { expandListen, type LocalAddress, localAddresses, probePort } from '../../src/net/addresses.ts';

const host = '127.0.0.1';

describe('a port', () => {
  it('is free before and after it was looked at', async () => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = { protocol: 'tcp', host, port, shared: false } as const;
    expect(await probePort(ask)).toBe('taken');
    server.close();
    await once(server, 'close');
    expect(await probePort(ask)).toBe('free');
    expect(await probePort(ask)).toBe('free');
  });

  it.each([
    [false, false, 'taken'],
    [true, false, 'taken'],
    [true, true, 'free'],
  ])('of UDP, held by a socket that shares (%s), asked for as shared (%s), is %s', async (reuseAddr, shared, state) => {
    const socket = createSocket({ type: 'udp4', reuseAddr });
    socket.bind(0, host);
    await once(socket, 'listening');
    expect(await probePort({ protocol: 'udp', host, port: socket.address().port, shared })).toBe(state);
    socket.close();
    await once(socket, 'close');
  });

  it.each(['tcp', 'udp'] as const)('of an address that this host has not cannot be opened (%s)', async (protocol) => {
    expect(await probePort({ protocol, host: '203.0.113.77', port: 40_000, shared: false })).toBe('no-address');
  });
});

const address = (text: string, family: 4 | 6): LocalAddress => ({
  interfaceName: 'eth0',
  address: text,
  family,
  internal: false,
  netmask: family === 4 ? '255.255.255.0' : undefined,
});
const HOST = [address('127.0.0.1', 4), address('10.0.0.5', 4), address('::1', 6), address('fe80::1%eth0', 6)];

describe('localAddresses', () => {
  it('finds the loopback address', () => {
    expect(localAddresses()).toContainEqual({
      interfaceName: 'lo',
      address: '127.0.0.1',
      family: 4,
      internal: true,
      netmask: '255.0.0.0',
      mac: '00:00:00:00:00:00',
    });
  });

  it('scopes what is only valid on one link', () => {
    for (const { address: text, interfaceName } of localAddresses()) {
      if (text.startsWith('fe80:')) expect(text).toContain(`%${interfaceName}`);
    }
  });
});

describe('expandListen', () => {
  it.each([
    ['0.0.0.0', ['127.0.0.1', '10.0.0.5']],
    ['::', ['127.0.0.1', '10.0.0.5', '::1', 'fe80::1%eth0']],
    ['10.0.0.5', ['10.0.0.5']],
    ['192.0.2.1', ['192.0.2.1']],
  ])('reads %s', (host, addresses) => {
    expect(expandListen(host, HOST)).toEqual(addresses);
  });
});
