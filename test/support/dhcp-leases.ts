import { onTestFinished } from 'vitest';
import { createLeaseServer, type LeaseServerDeps, type LeaseSettings } from '../../src/dhcp/lease-server.ts';
import type { DhcpFields, DhcpPacket } from '../../src/dhcp/packet.ts';
import { knownMachines } from '../../src/dhcp/reservations.ts';
import { EMPTY_SNAPSHOT } from '../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { AddressPool } from '../../src/model/ipv4.ts';
import { parsePools } from '../../src/settings/network-parsers.ts';
import { parsed, question } from './dhcp-packets.ts';
import { makeFolder } from './folder.ts';
import { RawClient } from './tftp-client.ts';
import { keepingLog, NATIVE, THREADS, until } from './tftp-server.ts';
import { kernelPackets } from '../../src/dhcp/packet-transport.ts';
import type { Endpoint } from '../../src/net/udp-socket.ts';

// Loopback is 127.0.0.0/8 to the kernel, and cannot broadcast: 127.0.0.77 stands for 255.255.255.255.
const EVERYBODY = '127.0.0.77';
export const SERVER = '127.0.50.1';

export function pools(text: string): readonly AddressPool[] {
  const result = parsePools(text);
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}

export const NO_FACTS: LeaseSettings['network'] = {
  ...{ routers: [], nameServers: [], timeServers: [], domain: undefined, search: [], routes: [] },
};

export interface LeaseSetup {
  readonly server: ReturnType<typeof createLeaseServer>;
  readonly client: RawClient;
  readonly log: ReturnType<typeof keepingLog>;
  readonly dir: string;
  readonly port: number;
  /** Broadcasts a message of this type, and gives the answer. */
  ask(type: number, options?: DhcpFields['options'], fields?: Partial<DhcpFields>): Promise<DhcpPacket>;
  /** Broadcasts a message that must have no answer: the server has counted it when this resolves. */
  tell(reason: string, type: number, options?: DhcpFields['options'], fields?: Partial<DhcpFields>): Promise<void>;
  stop(): Promise<void>;
}

export const bytesOf = (dotted: string): Buffer => Buffer.from(dotted.split('.').map(Number));

/** A lease server at 127.0.50.1 in a network of 127.0.50.0/24, and a client that hears its broadcasts. */
export async function leaseSetup(
  settings: Partial<LeaseSettings> = {},
  deps: Partial<LeaseServerDeps> = {},
  dir = makeFolder(),
): Promise<LeaseSetup> {
  const client = await RawClient.open(EVERYBODY);
  const probe = await RawClient.open(SERVER);
  const port = probe.socket.address().port;
  probe.close();
  const boot = await RawClient.open(SERVER);
  const bootServerPort = boot.socket.address().port;
  boot.close();
  const log = keepingLog();
  const server = createLeaseServer(
    {
      ...{ host: '0.0.0.0', port, bootServerPort, pools: pools('127.0.50.10-127.0.50.12'), network: NO_FACTS },
      ...{ leaseSeconds: 3600, authoritative: true, probe: true, besideOthers: false },
      ...settings,
    },
    {
      choose: (machine, at) => ({ file: machine.ipxe ? `http://${at}:4777/boot.ipxe` : 'snponly.efi' }),
      log,
      addresses: () => [
        { interfaceName: 'lab', address: SERVER, family: 4, internal: false, netmask: '255.255.255.0' },
      ],
      everybody: { address: EVERYBODY, port: client.socket.address().port },
      files: await openDataRoot(dir),
      machines: () => knownMachines(EMPTY_SNAPSHOT),
      macOf: () => Promise.resolve(undefined),
      discover: () => Promise.resolve([]),
      networks: () => [],
      ...(NATIVE && { native: async (everyone: Endpoint) => await kernelPackets(log, everyone, THREADS) }),
      ...deps,
    },
  );
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await server.stop(AbortSignal.abort());
    running = false;
  };
  onTestFinished(async () => {
    await stop();
    client.close();
  });
  await server.start();
  let xid = 1;
  // A machine that has an address sends from it, and hears the answer there.
  const machines = new Map<string, RawClient>();
  const machineAt = async (address: string): Promise<RawClient> => {
    const known = machines.get(address);
    if (known !== undefined) return known;
    const machine = await RawClient.open(address, client.socket.address().port);
    machines.set(address, machine);
    onTestFinished(() => {
      machine.close();
    });
    return machine;
  };
  const send = async (type: number, options: DhcpFields['options'], fields: Partial<DhcpFields>) => {
    xid += 1;
    const sender = fields.ciaddr === undefined ? client : await machineAt(fields.ciaddr);
    sender.send(question(type, options, { xid, ...fields }), port, sender === client ? EVERYBODY : SERVER);
    return { sender, asked: xid };
  };
  return {
    ...{ server, client, log, dir, port, stop },
    async ask(type, options = [], fields = {}) {
      const { sender, asked } = await send(type, options, fields);
      for (;;) {
        const packet = parsed((await sender.expect()).bytes);
        if (packet.xid === asked) return packet;
      }
    },
    async tell(reason, type, options = [], fields = {}) {
      const before = server.counters.silences.get(reason) ?? 0;
      await send(type, options, fields);
      await until(() => (server.counters.silences.get(reason) ?? 0) > before);
    },
  };
}
