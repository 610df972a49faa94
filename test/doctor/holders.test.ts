import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { holderOf } from '../../src/doctor/holders.ts';
import { HOST_FILES, type HostFiles } from '../../src/files/host-file.ts';

const HEAD = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref\n';
const line = (local: string, state: string, inode: string): string =>
  `  73: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0000 0\n`;

/** A host as /proc would show it. */
function proc(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): HostFiles {
  const paths = [...Object.keys(files), ...Object.keys(links)];
  return {
    read: async (path) => files[path],
    list: async (path) => [
      ...new Set(
        paths.filter((one) => one.startsWith(`${path}/`)).map((one) => one.slice(path.length + 1).split('/')[0] ?? ''),
      ),
    ],
    link: async (path) => links[path],
  };
}

describe('who holds a port', () => {
  const host = proc(
    {
      '/proc/net/udp': HEAD + line('0100007F:0045', '07', '11') + line('00000000:0043', '07', '12'),
      '/proc/net/udp6': HEAD + line('00000000000000000000000000000000:0FAB', '07', '13'),
      '/proc/net/tcp': HEAD + line('00000000:12A9', '0A', '14') + line('00000000:12AA', '01', '15'),
      '/proc/7/comm': 'dnsmasq\n',
      '/proc/8/comm': 'node\n',
      '/proc/version': 'x',
    },
    {
      '/proc/7/fd/3': '/dev/null',
      '/proc/7/fd/4': 'socket:[12]',
      '/proc/8/fd/9': 'socket:[14]',
      '/proc/8/fd/10': 'socket:[13]',
      '/proc/8/fd/11': 'socket:[15]',
    },
  );

  it.each([
    ['udp', 67, { pid: 7, name: 'dnsmasq' }],
    ['udp', 4011, { pid: 8, name: 'node' }],
    ['tcp', 4777, { pid: 8, name: 'node' }],
    ['tcp', 4778, undefined], // a connection, no listener
    ['tcp', 67, undefined],
    ['udp', 69, undefined], // its program is not ours to see
    ['udp', 70, undefined],
  ] as const)('%s %d: %j', async (protocol, port, holder) => {
    expect(await holderOf(host, protocol, port)).toEqual(holder);
  });

  it('is nobody where /proc shows nothing', async () => {
    expect(await holderOf(proc({}), 'udp', 67)).toBeUndefined();
  });

  it('is this process for its own socket', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    expect(await holderOf(HOST_FILES, 'udp', socket.address().port)).toMatchObject({ pid: process.pid });
    socket.close();
    await once(socket, 'close');
  });
});
