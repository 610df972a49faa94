import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { probePort } from '../../src/net/port-probe.ts';

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
