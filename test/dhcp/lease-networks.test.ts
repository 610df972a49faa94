import { describe, expect, it } from 'vitest';
import { knownMachines } from '../../src/dhcp/reservations.ts';
import { subnetsOf, subnetText } from '../../src/dhcp/subnets.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/catalog/snapshot.ts';
import { parseMac, parseUuid } from '../../src/model/machine.ts';
import type { Node, Profile } from '../../src/model/profile.ts';
import { parsePools, parseRange, parseRoutes } from '../../src/settings/network-parsers.ts';
import { bytesOf, leaseSetup, NO_FACTS, pools, SERVER } from '../support/dhcp-leases.ts';
import { GUID, MAC, parsed, question } from '../support/dhcp-packets.ts';
import { RawClient } from '../support/tftp-client.ts';

const [DISCOVER, REQUEST] = [1, 3] as const;
const server = [54, bytesOf(SERVER)] as const;
const mac = (text: string) => parseMac(text) as NonNullable<ReturnType<typeof parseMac>>;

/** Profiles, each with these nodes. */
function snapshot(nodes: Readonly<Record<string, readonly Node[]>>): Snapshot {
  const profiles = Object.entries(nodes).map(
    ([name, of]) => [name, { name, file: `profiles/${name}.json`, nodes: of } as unknown as Profile] as const,
  );
  return {
    ...EMPTY_SNAPSHOT,
    profiles: new Map(profiles),
    match(facts) {
      for (const [, profile] of profiles) {
        const node = profile.nodes.find(
          (one) =>
            (one.mac !== undefined && one.mac === facts.mac) || (one.uuid !== undefined && one.uuid === facts.uuid),
        );
        if (node !== undefined) return { profile, node, by: 'mac' };
      }
      return undefined;
    },
  };
}

describe('reservations', () => {
  const a: Node = { name: 'a', mac: mac('52:54:00:00:00:0a'), ip: '127.0.50.10' } as Node;

  it('give a machine its address and its name, and no other machine that address', async () => {
    const machines = knownMachines(snapshot({ p: [a] }));
    const setup = await leaseSetup({}, { machines: () => machines });
    const asked = [[55, Buffer.from([12])]] as const;
    expect(await setup.ask(DISCOVER, [[50, bytesOf('127.0.50.10')]])).toMatchObject({ yiaddr: '127.0.50.11' });
    const own = await setup.ask(DISCOVER, asked, { mac: '52:54:00:00:00:0a' });
    expect(own.yiaddr).toBe('127.0.50.10');
    expect(own.options.get(12)?.toString()).toBe('a');
    const refused = await setup.ask(REQUEST, [server, [50, bytesOf('127.0.50.11')]], { mac: '52:54:00:00:00:0a' });
    expect(refused.options.get(53)).toEqual(Buffer.from([6]));
  });

  it('are outside of every range as well', async () => {
    const machines = knownMachines(snapshot({ p: [{ ...a, ip: '127.0.50.200' }] }));
    const setup = await leaseSetup({ pools: pools('127.0.50.0/24') }, { machines: () => machines });
    expect(await setup.ask(DISCOVER, [], { mac: '52:54:00:00:00:0a' })).toMatchObject({ yiaddr: '127.0.50.200' });
    await setup.tell('the pool is full', DISCOVER);
  });

  it('by UUID hold for the system, too, which does not say it', async () => {
    const uuid = parseUuid('c6c30f6a-4a1b-4337-8325-c4c2543ad437');
    const machines = knownMachines(snapshot({ p: [{ name: 'u', uuid, ip: '127.0.50.77' } as unknown as Node] }));
    const setup = await leaseSetup({ pools: pools('127.0.50.10-127.0.50.90') }, { machines: () => machines });
    const ack = await setup.ask(REQUEST, [server, [50, bytesOf('127.0.50.77')], [97, GUID]]);
    expect(ack).toMatchObject({ yiaddr: '127.0.50.77', mac: MAC });
    expect(await setup.ask(DISCOVER)).toMatchObject({ yiaddr: '127.0.50.77' });
  });

  it('that two machines claim are given to neither; the catalog names both', async () => {
    const machines = knownMachines(snapshot({ p: [a], q: [{ ...a, name: 'b', mac: mac('52:54:00:00:00:0b') }] }));
    const setup = await leaseSetup({}, { machines: () => machines });
    expect(await setup.ask(DISCOVER, [], { mac: '52:54:00:00:00:0a' })).toMatchObject({ yiaddr: '127.0.50.11' });
    const nobody = await setup.ask(DISCOVER, [[50, bytesOf('127.0.50.10')]], { mac: '00:00:00:00:00:00' });
    expect(nobody, 'a card of zeros is as good as any').toMatchObject({ yiaddr: '127.0.50.12' });
    expect(setup.server.diagnostics()).toEqual([]);
  });

  it('of another network are passed over, said, and the machine gets one of the range', async () => {
    const machines = knownMachines(snapshot({ p: [{ ...a, ip: '10.1.1.1' }] }));
    const setup = await leaseSetup({}, { machines: () => machines });
    expect(await setup.ask(DISCOVER, [], { mac: '52:54:00:00:00:0a' })).toMatchObject({ yiaddr: '127.0.50.10' });
    expect(setup.server.diagnostics()).toMatchObject([
      { message: '10.1.1.1 is in no network in which DHCP hands out addresses (127.0.50.0/24)' },
    ]);
  });

  it('take a leased address from the machine that has it, at its next renewal', async () => {
    let machines = knownMachines(EMPTY_SNAPSHOT);
    const setup = await leaseSetup({}, { machines: () => machines });
    await setup.ask(REQUEST, [server, [50, bytesOf('127.0.50.10')]]);
    machines = knownMachines(snapshot({ p: [a] }));
    expect(await setup.ask(DISCOVER, [], { mac: '52:54:00:00:00:0a' })).toMatchObject({ yiaddr: '127.0.50.11' });
    const renewed = await setup.ask(REQUEST, [[50, bytesOf('127.0.50.10')]]);
    expect(renewed.options.get(53)).toEqual(Buffer.from([6]));
    expect(await setup.ask(DISCOVER, [], { mac: '52:54:00:00:00:0a' })).toMatchObject({ yiaddr: '127.0.50.10' });
  });
});

describe('what a machine is told of its network', () => {
  const network = {
    ...NO_FACTS,
    routers: ['127.0.50.1', '10.0.0.1'],
    nameServers: ['127.0.50.1', '9.9.9.9'],
    timeServers: ['127.0.50.4'],
    domain: 'lab.example',
    search: ['lab.example', 'example.org'],
    routes: [
      { network: '10.99.0.0', bits: 16, router: '127.0.50.5' },
      { network: '10.98.0.0', bits: 16, router: '10.0.0.5' },
    ],
  };

  it('is what it asks for, and what every machine needs', async () => {
    const setup = await leaseSetup({ network });
    const { options } = await setup.ask(DISCOVER, [[55, Buffer.from([1, 15, 28, 42, 119, 121])]]);
    const hex = (code: number) => options.get(code)?.toString('hex');
    expect([1, 3, 6, 28, 42].map(hex)).toEqual(['ffffff00', '7f003201', '7f00320109090909', '7f0032ff', '7f003204']);
    expect(options.get(15)?.toString()).toBe('lab.example');
    expect(options.get(119)?.toString('latin1')).toBe('\x03lab\x07example\0\x07example\x03org\0');
    // RFC 3442: 10.99/16 by .5, and the default route, because option 3 counts no more.
    expect(hex(121)).toBe('100a637f003205' + '007f003201');
    const { options: few } = await setup.ask(DISCOVER, [[55, Buffer.from([1, 3])]]);
    expect([15, 28, 42, 119, 121].filter((code) => few.has(code))).toEqual([]);
  });

  it('is split where it is longer than an option (RFC 3396), and left out where the client takes no more', async () => {
    const search = Array.from({ length: 12 }, (_, i) => `department-${i}.of.a.company.example`);
    const setup = await leaseSetup({ network: { ...network, search } });
    const long = await setup.ask(DISCOVER, [
      [55, Buffer.from([119, 15])],
      [57, Buffer.from([0x05, 0xc0])],
    ]);
    expect(long.options.get(119)?.length).toBeGreaterThan(255);
    const short = await setup.ask(DISCOVER, [[55, Buffer.from([119, 15])]], { secs: 9 });
    expect([short.options.has(119), short.options.has(15)]).toEqual([false, true]);
  });

  it("comes with the client's identifier, and the relay's option last", async () => {
    const relayAgent = Buffer.from([1, 4, 1, 2, 3, 4]);
    const setup = await leaseSetup({ pools: pools('127.0.60.10-127.0.60.20/24'), relays: ['127.0.60.1'] });
    const relay = await RawClient.open('127.0.60.1', setup.port);
    const asked = question(
      DISCOVER,
      [
        [82, relayAgent],
        [61, Buffer.from([1, 2])],
      ],
      { giaddr: '127.0.60.1' },
    );
    relay.send(asked, setup.port, '127.0.0.77');
    const offer = parsed((await relay.expect()).bytes);
    relay.close();
    expect(offer).toMatchObject({ yiaddr: '127.0.60.10', giaddr: '127.0.60.1' });
    expect([...offer.options.keys()].slice(-2)).toEqual([61, 82]);
    expect(offer.options.get(82)).toEqual(relayAgent);
    // The relay is the router where none is named.
    expect(offer.options.get(3)?.join('.')).toBe('127.0.60.1');
  });

  it('is nothing behind a relay whose network has no range', async () => {
    const setup = await leaseSetup({ relays: ['127.0.60.1'] });
    await setup.tell('no network for its relay', DISCOVER, [], { giaddr: '127.0.60.1' });
    expect(setup.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ relay: '127.0.60.1' }) as object }),
    );
  });
});

describe('ranges', () => {
  const place = { interfaceName: 'a', family: 4, internal: false } as const;

  it('are in the networks of interfaces, or as large as they say', () => {
    const ours = [{ ...place, address: '10.1.0.1', netmask: '255.255.0.0' }];
    const subnets = subnetsOf(
      pools('10.1.5.0-10.1.6.255, 10.1.9.1-10.1.9.2, 10.2.0.1-10.2.0.9/24, 10.3.0.1-10.3.0.2'),
      ours,
    );
    expect(subnets.map((one) => [subnetText(one), one.server, one.pools.length])).toEqual([
      ['10.1.0.0/16', '10.1.0.1', 2],
      ['10.2.0.0/24', undefined, 1],
    ]);
  });

  it.each([
    ['10.0.0.9-10.0.0.1', 'begins after its end'],
    ['10.0.0.1', 'is not a range'],
    ['10.0.0.1-10.0.0.300', 'is not a range'],
    ['10.0.0.0-10.3.0.0', 'more than 65536 addresses'],
    ['10.0.0.1-10.0.1.1/24', 'are not in one network'],
    ['10.0.0.0-10.0.0.9/24', 'no machine can have 10.0.0.0'],
    ['10.0.0.5/24', 'it begins at 10.0.0.0'],
    ['10.0.0.1-10.0.0.9/33', 'write /8 to /30'],
    ['10.0.0.1-10.0.0.9,10.0.0.9-10.0.0.20', 'in common'],
  ])('that cannot be are refused: %s', (text, problem) => {
    expect(parsePools(text)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) as string });
  });

  it('of IPv6 are whole networks, beside those of IPv4', () => {
    expect(parseRange('192.168.50.100-192.168.50.200, FD00:50:0::/64')).toMatchObject({
      ok: true,
      value: {
        pools: [{ text: '192.168.50.100-192.168.50.200' }],
        networks6: [{ text: 'fd00:50::/64', prefix: Buffer.from('fd00005000000000', 'hex') }],
      },
    });
    expect(parseRange('fd00:50::/64')).toMatchObject({ ok: true, value: { pools: [] } });
  });

  it.each([
    ['fd00:50::100-fd00:50::1ff', 'each has 64 bits'],
    ['fd00:50::/48', 'each has 64 bits'],
    ['fd00:50::/64/64', 'each has 64 bits'],
    ['fd00:50::1/64', 'it begins at fd00:50::'],
    ['fe80::/64', 'link-local'],
    ['fe80::%eth0/64', 'a zone (%)'],
    ['fd00:50::/64,fd00:50:0::/64', 'twice'],
    ['fd00:50::/64,10.0.0.1', 'is not a range'],
  ])('of IPv6 that cannot be are refused: %s', (text, problem) => {
    expect(parseRange(text)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) as string });
  });

  it('and routes are networks', () => {
    expect(parseRoutes('10.0.0.0/8=10.1.0.1')).toEqual({
      ok: true,
      value: [{ network: '10.0.0.0', bits: 8, router: '10.1.0.1' }],
    });
    for (const wrong of ['10.0.0.0/8', '10.0.0.1/8=10.1.0.1', '10.0.0.0/40=10.1.0.1']) {
      expect(parseRoutes(wrong)).toMatchObject({ ok: false });
    }
  });
});
