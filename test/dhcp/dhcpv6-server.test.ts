import { expect, onTestFinished, test } from 'vitest';
import { EMPTY_SNAPSHOT } from '../../src/catalog/snapshot.ts';
import {
  encodeDhcp6,
  encodeOptions6,
  type Fields6,
  MESSAGE6,
  OPTION6,
  parseDhcp6,
} from '../../src/dhcp/dhcpv6-packet.ts';
import { createDhcp6Server, type Dhcp6Settings } from '../../src/dhcp/dhcpv6-server.ts';
import { knownMachines } from '../../src/dhcp/reservations.ts';
import type { MachineEvent } from '../../src/dhcp/server.ts';
import { ipv6Bytes } from '../../src/model/ipv6.ts';
import { RawClient } from '../support/tftp-client.ts';
import { keepingLog } from '../support/tftp-server.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const CLIENT: Fields6 = [
  [OPTION6.clientId, hex('00030001525400551cee')],
  [OPTION6.addresses, Buffer.concat([hex('0000002a'), Buffer.alloc(8)])],
  [OPTION6.asked, hex('003b')],
  [OPTION6.architecture, hex('0007')],
  [16, Buffer.concat([hex('0000015700'), Buffer.from([32]), Buffer.from('PXEClient:Arch:00007:UNDI:003000')])],
];
const message = (type: keyof typeof MESSAGE6, more: Fields6 = []) =>
  encodeDhcp6({ type: MESSAGE6[type], xid: 7, options: [...CLIENT, ...more] });

/** What a relay makes of a message of a client in the network of `link`. */
function relayed(link: string, inner: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([MESSAGE6.relayForward, 0]), ipv6Bytes(link), ipv6Bytes('fe80::1')]);
  return Buffer.concat([head, encodeOptions6([[OPTION6.relayMessage, inner]])]);
}

/** A server for the network that ::1 is in, on ports that are free; loopback's cards have no address of hardware. */
async function setup({ mac, ...settings }: Partial<Dhcp6Settings> & { mac?: string } = {}) {
  const client = await RawClient.open('::1');
  const probe = await RawClient.open('::1');
  const ports = { server: probe.socket.address().port, client: client.socket.address().port };
  probe.close();
  const log = keepingLog();
  const machines: MachineEvent[] = [];
  const create = () =>
    createDhcp6Server(
      {
        ...{
          networks: [{ text: '::/64', prefix: Buffer.alloc(8) }],
          relays: [],
          leaseSeconds: 3600,
          authoritative: true,
        },
        facts: { domain: undefined, nameServers: [], search: [], timeServers: [] },
        ...settings,
      },
      {
        choose: (_, server) => ({ file: `tftp://[${server}]/snponly.efi` }),
        ...{ log, ports, rescanMs: 1e6, machines: () => knownMachines(EMPTY_SNAPSHOT) },
        onMachine: (event) => machines.push(event),
        addresses: () => [
          {
            interfaceName: 'inside',
            address: '::2',
            family: 6,
            internal: true,
            netmask: undefined,
            mac: '02:00:00:00:00:99',
          },
          { interfaceName: 'lo', address: '::1', family: 6, internal: false, netmask: undefined, ...(mac && { mac }) },
        ],
      },
    );
  const server = create();
  await server.start();
  onTestFinished(async () => {
    await server.stop(AbortSignal.abort());
    client.close();
  });
  const send = (bytes: Buffer): void => {
    client.send(bytes, ports.server, '::1');
  };
  const answer = async () => {
    const parsed = parseDhcp6((await client.expect()).bytes);
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.packet;
  };
  return { server, create, log, machines, send, answer };
}

test.each([
  ['52:54:00:aa:bb:cc', '00030001525400aabbcc'],
  [undefined, '00030001020000000001'],
])('a machine is offered and given an address and a program by the server of the card %s', async (mac, id) => {
  const { server, send, answer, machines } = await setup({ mac });
  send(message('solicit'));
  const offer = await answer();
  const [serverId = Buffer.alloc(0)] = offer.options.get(OPTION6.serverId) ?? [];
  expect([offer.type, serverId.toString('hex')]).toEqual([MESSAGE6.advertise, id]);
  send(message('request', [[OPTION6.serverId, serverId]]));
  const given = await answer();
  expect(given.type).toBe(MESSAGE6.reply);
  expect(given.options.get(OPTION6.bootFile)?.toString()).toBe('tftp://[::1]/snponly.efi');
  expect(machines).toMatchObject([{ machine: { mac: '52:54:00:55:1c:ee' }, file: 'tftp://[::1]/snponly.efi' }]);
  expect(server.leases()).toMatchObject([{ mac: '52:54:00:55:1c:ee' }]);
  expect([server.serving(), server.counters.answered, server.diagnostics()]).toEqual([['::1'], 2, []]);
});

test('what it does not answer is counted by its reason, and an unknown relay is told once', async () => {
  const { server, send, answer, log } = await setup({ relays: ['fd00::5'] });
  send(Buffer.from([1]));
  send(relayed('fd00::1', message('solicit')));
  send(relayed('fd00::1', message('solicit')));
  send(relayed('fd00::5', message('solicit')));
  send(message('solicit'));
  expect((await answer()).type).toBe(MESSAGE6.advertise);
  expect(Object.fromEntries(server.counters.silences)).toEqual({
    'too short': 1,
    'unknown relay': 2,
    'no network for its relay': 1,
  });
  const told = log.lines.filter(({ level, fields }) => level === 'warn' && 'reason' in fields);
  expect(told.map(({ fields }) => fields['reason'])).toEqual(['unknown relay', 'no network for its relay']);
});

test('an identifier has 3 to 130 bytes: with another one no machine is known again', async () => {
  const { server, send, answer } = await setup();
  for (const bytes of [2, 131, 3, 130]) {
    const options: Fields6 = [[OPTION6.clientId, Buffer.alloc(bytes, 9)], ...CLIENT.slice(1)];
    send(encodeDhcp6({ type: MESSAGE6.solicit, xid: bytes, options }));
  }
  expect([(await answer()).xid, (await answer()).xid]).toEqual([3, 130]);
  expect(Object.fromEntries(server.counters.silences)).toEqual({ 'no client identifier': 2 });
});

test('only one can run on a host: the other says what to do', async () => {
  const { create, server, send } = await setup();
  await expect(create().start()).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/^DHCPv6: UDP port \d+ of :: is taken/) as string,
    remedy: expect.stringContaining('PILOTLIGHT_DHCP_RANGE') as string,
  });
  await server.stop(AbortSignal.abort());
  const next = create();
  await next.start();
  send(message('solicit'));
  await expect.poll(() => next.counters.answered).toBe(1);
  await next.stop(AbortSignal.abort());
});
