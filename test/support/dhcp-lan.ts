import { onTestFinished } from 'vitest';
import { createDhcpServer, type DhcpDeps, type DhcpServer, type DhcpSettings } from '../../src/dhcp/server.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import type { DhcpFields } from '../../src/dhcp/packet.ts';
import { discover, optionsOf, question } from './dhcp-packets.ts';
import { RawClient } from './tftp-client.ts';
import { keepingLog, NATIVE, THREADS } from './tftp-server.ts';
import { kernelPackets } from '../../src/dhcp/packet-transport.ts';
import type { Endpoint } from '../../src/net/udp-socket.ts';

// Loopback cannot broadcast: 127.0.0.77 stands for 255.255.255.255, the client's address for "every client".
export const EVERYBODY = '127.0.0.77';
export const SERVER = '127.0.0.1';
export const OVMF = discover(optionsOf('OVMF 2022.11, PXEv4'));

/** An interface for each address, and a network for each: loopback is one network, which no test here may be fooled by. */
export const local = (...addresses: string[]): LocalAddress[] =>
  addresses.map((address, i) => ({
    interfaceName: `lo${i}`,
    address,
    family: 4,
    internal: false,
    netmask: '255.255.255.255',
  }));
export const THREE = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
/** A REQUEST that names this server, as an answer to its offer. */
export const naming = (server: string, fields: Partial<DhcpFields> = {}): Buffer =>
  question(3, [...optionsOf('OVMF 2022.11, PXEv4'), [54, Buffer.from(server.split('.').map(Number))]], fields);

export interface Lan {
  readonly listening: DhcpServer;
  readonly client: RawClient;
  readonly log: ReturnType<typeof keepingLog>;
  readonly port: number;
  readonly bootServerPort: number;
}

/** Two ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const probes = [await RawClient.open(EVERYBODY), await RawClient.open(SERVER)] as const;
  const ports: [number, number] = [probes[0].socket.address().port, probes[1].socket.address().port];
  for (const probe of probes) probe.close();
  return ports;
}

export async function lan(settings: Partial<DhcpSettings> = {}, deps: Partial<DhcpDeps> = {}): Promise<Lan> {
  const [port, bootServerPort] = await freePorts();
  const client = await RawClient.open('127.0.0.78');
  const log = keepingLog();
  // Packets go to the port of `port`, answers to "everybody" come back to the client's.
  const everybody = { address: EVERYBODY, port: client.socket.address().port };
  const listening = createDhcpServer(
    { host: '0.0.0.0', port, bootServerPort, ...settings },
    {
      choose: (machine, server) => ({ file: machine.ipxe ? `http://${server}:4777/boot.ipxe` : 'snponly.efi' }),
      log,
      addresses: () => local(SERVER),
      everybody,
      ...(NATIVE && { native: async (everyone: Endpoint) => await kernelPackets(log, everyone, THREADS) }),
      ...deps,
    },
  );
  await listening.start();
  onTestFinished(async () => {
    await listening.stop(AbortSignal.abort());
    client.close();
  });
  return { listening, client, log, port, bootServerPort };
}

/** Hears what goes to every machine. */
export async function hearing(): Promise<{ hears: RawClient; everybody: { address: string; port: number } }> {
  const hears = await RawClient.open(EVERYBODY);
  onTestFinished(() => {
    hears.close();
  });
  return { hears, everybody: { address: EVERYBODY, port: hears.socket.address().port } };
}
