import { describe, expect, it } from 'vitest';
import { createAddresses6 } from '../../src/dhcp/dhcpv6-addresses.ts';
import { encodeDhcp6, encodeOptions6, type Fields6, MESSAGE6, parseDhcp6 } from '../../src/dhcp/dhcpv6-packet.ts';
import { type Answer6, reply6 } from '../../src/dhcp/dhcpv6-reply.ts';
import type { NetbootMachine } from '../../src/dhcp/machine.ts';
import { ipv6Bytes, ipv6Text } from '../../src/model/ipv6.ts';
import type { Mac } from '../../src/model/machine.ts';

const MAC = '52:54:00:55:1c:ee';
const LINK_LOCAL = 'fe80::5054:ff:fe55:1cee%eth0';
const OWN = 'fd00:50::5254:55:1cee';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const SERVER_ID = hex('0003 0001 020000000001');
const CLIENT_ID = [1, hex('0004 c6c30f6a4a1b43378325c4c2543ad437')] as const;
const SERVER = [2, SERVER_ID] as const;
const NETWORK = { text: 'fd00:50::/64', prefix: hex('fd00005000000000') };
const vendor = (text: string) =>
  [16, Buffer.concat([hex('00000157 00'), Buffer.from([text.length]), Buffer.from(text)])] as const;

/** What firmware says beside its identifier, as OVMF 2022.11 does; iPXE has a user class, too. */
const PXE: Fields6 = [
  [6, hex('003b 003c 0017 0018')],
  [61, hex('0007')],
  [62, hex('010300')],
  vendor('PXEClient:Arch:00007:UNDI:003000'),
];
const HTTP: Fields6 = [[6, hex('003b 003c 0017 0010')], [61, hex('0010')], vendor('HTTPClient:Arch:00016:UNDI:003000')];
const IPXE: Fields6 = [...PXE, [15, Buffer.concat([hex('0004'), Buffer.from('iPXE')])]];

const address = (text: string) => [5, Buffer.concat([ipv6Bytes(text), Buffer.alloc(8)])] as const;
const association = (...addresses: string[]) =>
  [3, Buffer.concat([hex('0000002a'), Buffer.alloc(8), encodeOptions6(addresses.map(address))])] as const;

interface Setup {
  readonly ask: (type: keyof typeof MESSAGE6, options: Fields6, from?: string) => Answer6;
  /** What it said, in words. */
  readonly said: (type: keyof typeof MESSAGE6, options: Fields6, from?: string) => Record<string, unknown>;
  readonly asked: NetbootMachine[];
}

function setup({ reserved = new Map<string, readonly string[]>(), file = 'snponly.efi' } = {}): Setup {
  const asked: NetbootMachine[] = [];
  const addresses = createAddresses6({
    reservations: () => ({
      of: ({ mac }) => reserved.get(mac) ?? [],
      owner: (one) => {
        const owner = [...reserved].find(([, all]) => all.includes(one));
        return owner && { mac: owner[0] as Mac };
      },
    }),
    taken: () => new Set(['fd00:50::1']),
    now: () => 1_000_000,
    leaseMs: 3_600_000,
  });
  const facts = {
    nameServers: ['fd00:50::53', '10.0.0.53'],
    timeServers: ['fd00:50::123'],
    domain: 'lab.test',
    search: [],
  };
  const deps = {
    ...{ serverId: SERVER_ID, addresses, facts, leaseSeconds: 3600, authoritative: true },
    choose: (machine: NetbootMachine, server: string) => {
      asked.push(machine);
      if (machine.ipxe) return { file: `http://[${server}]:4777/boot.ipxe` };
      return { file: machine.target.http ? `http://[${server}]:4777/firmware/ipxe.efi` : file };
    },
  };
  const ask: Setup['ask'] = (type, options, from = LINK_LOCAL) => {
    const parsed = parseDhcp6(encodeDhcp6({ type: MESSAGE6[type], xid: 0xabcdef, options }));
    if (!parsed.ok) return { kind: 'silence', reason: parsed.reason };
    return reply6({ packet: parsed.packet, from, network: NETWORK, server: 'fd00:50::1' }, deps);
  };
  return { asked, ask, said: (...question) => words(ask(...question)) };
}

function words(answer: Answer6): Record<string, unknown> {
  if (answer.kind === 'silence') return { silence: answer.reason };
  const parsed = parseDhcp6(answer.bytes);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { type, xid, options } = parsed.packet;
  expect(xid).toBe(0xabcdef);
  const given = (options.get(3) ?? []).map((value) => {
    const inner = parseDhcp6(Buffer.concat([hex('07000000'), value.subarray(12)]));
    if (!inner.ok) throw new Error(inner.reason);
    const addresses = (inner.packet.options.get(5) ?? []).map(
      (one) => `${ipv6Text(one.subarray(0, 16))} for ${one.readUInt32BE(20)}`,
    );
    return [
      ...addresses,
      ...(inner.packet.options.get(13) ?? []).map((status) => `status ${status.readUInt16BE()}`),
    ].join(', ');
  });
  return {
    type: Object.entries(MESSAGE6).find(([, number]) => number === type)?.[0],
    given,
    file: options.get(59)?.[0]?.toString(),
    status: options.get(13)?.[0]?.readUInt16BE(),
    codes: [...options.keys()].toSorted((a, b) => a - b),
  };
}

describe('an address and a boot program by DHCPv6', () => {
  it('is offered and given to UEFI PXE, as a URL; who asks by its card keeps the address in iPXE and in its system', () => {
    const { said, asked } = setup();
    const offer = said('solicit', [CLIENT_ID, association(), ...PXE]);
    expect(offer).toEqual({
      type: 'advertise',
      given: [`${OWN} for 3600`],
      file: 'tftp://[fd00:50::1]/snponly.efi',
      status: undefined,
      codes: [1, 2, 3, 7, 23, 24, 59],
    });
    expect(asked).toMatchObject([{ mac: MAC, uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', ipxe: false }]);
    const given = said('request', [CLIENT_ID, SERVER, association(OWN), ...PXE]);
    expect(given).toMatchObject({ type: 'reply', given: [`${OWN} for 3600`], file: 'tftp://[fd00:50::1]/snponly.efi' });
    const ipxe = said('solicit', [[1, hex('00030001525400551cee')], association(), ...IPXE]);
    expect(ipxe).toMatchObject({ given: [`${OWN} for 3600`], file: 'http://[fd00:50::1]:4777/boot.ipxe' });
    // A system with an address that hides its card says the card in its identifier.
    const system = said('solicit', [[1, hex('000100012c000000525400551cee')], association()], 'fe80::1234%eth0');
    expect(system).toMatchObject({ given: [`${OWN} for 3600`], file: undefined });
  });

  it('is offered to UEFI HTTP Boot with the class that it looks for', () => {
    const { ask, said } = setup();
    expect(said('solicit', [CLIENT_ID, association(), ...HTTP])).toMatchObject({
      file: 'http://[fd00:50::1]:4777/firmware/ipxe.efi',
    });
    const answer = ask('solicit', [CLIENT_ID, association(), ...HTTP]);
    const parsed = answer.kind === 'silence' ? undefined : parseDhcp6(answer.bytes);
    const value = parsed?.ok === true ? parsed.packet.options.get(16)?.[0] : undefined;
    expect(value).toEqual(Buffer.concat([hex('00000157 000a'), Buffer.from('HTTPClient')]));
  });

  it('is the one that a profile gives, and no other machine gets that one', () => {
    const { said } = setup({
      reserved: new Map([
        [MAC, ['fd00:50::42']],
        ['52:54:00:00:00:02', [OWN]],
      ]),
    });
    expect(said('solicit', [CLIENT_ID, association()])).toMatchObject({ given: ['fd00:50::42 for 3600'] });
    const away = setup({
      reserved: new Map([
        [MAC, ['fd00:51::42']],
        ['52:54:00:00:00:02', [OWN]],
      ]),
    });
    expect(away.said('solicit', [CLIENT_ID, association()])).toMatchObject({
      given: ['fd00:50::2:5254:55:1cee for 3600'],
    });
  });

  it('comes at once where a client knows the short way', () => {
    expect(setup().said('solicit', [CLIENT_ID, association(), [14, Buffer.alloc(0)]])).toMatchObject({
      type: 'reply',
      given: [`${OWN} for 3600`],
    });
  });

  it('is another one after the first was refused, for this client and for its next question', () => {
    const { said } = setup();
    said('request', [CLIENT_ID, SERVER, association(OWN)]);
    expect(said('decline', [CLIENT_ID, SERVER, association(OWN)])).toMatchObject({ type: 'reply', status: 0 });
    const next = 'fd00:50::2:5254:55:1cee';
    expect(said('solicit', [CLIENT_ID, association()])).toMatchObject({ given: [`${next} for 3600`] });
    // What it never had it cannot refuse: a liar takes no address from others.
    said('decline', [[1, hex('0003000152540000ff01')], SERVER, association(next)], 'fe80::5054:ff:fe00:ff01%eth0');
    expect(said('solicit', [CLIENT_ID, association()])).toMatchObject({ given: [`${next} for 3600`] });
  });

  it('ends the life of an address of another network, or of another server, at the renewal', () => {
    const { said } = setup();
    const given = [`${OWN} for 3600, fd00:99::7 for 0`];
    expect(said('renew', [CLIENT_ID, SERVER, association('fd00:99::7')])).toMatchObject({ type: 'reply', given });
    expect(said('rebind', [CLIENT_ID, association('fd00:99::7')])).toMatchObject({ type: 'reply', given });
    expect(said('confirm', [CLIENT_ID, association(OWN)])).toMatchObject({ status: 0 });
    expect(said('confirm', [CLIENT_ID, association('fd00:99::7')])).toMatchObject({ status: 4 });
    expect(said('confirm', [CLIENT_ID])).toEqual({ silence: 'confirms no address' });
    expect(said('release', [CLIENT_ID, SERVER, association(OWN)])).toMatchObject({ status: 0 });
  });

  it('is one for each card: what else is asked for is refused by name', () => {
    const { ask, said } = setup();
    const second = [3, Buffer.concat([hex('0000002b'), Buffer.alloc(8)])] as const;
    const prefix = [25, Buffer.concat([hex('0000002c'), Buffer.alloc(8)])] as const;
    const temporary = [4, hex('0000002d')] as const;
    const question = [CLIENT_ID, association(), second, prefix, temporary];
    expect(said('solicit', question)).toMatchObject({ given: [`${OWN} for 3600`, 'status 2'] });
    const answer = ask('solicit', question);
    const parsed = answer.kind === 'silence' ? undefined : parseDhcp6(answer.bytes);
    const options = parsed?.ok === true ? parsed.packet.options : new Map<number, Buffer[]>();
    expect(options.get(25)?.[0]?.toString('hex')).toBe('0000002c0000000000000000000d00020006');
    expect(options.get(4)?.[0]?.toString('hex')).toBe('0000002d000d00020002');
  });
});

it('tells a machine that has its address from the router where to boot from, and the network', () => {
  const { said } = setup();
  const told = { type: 'reply', file: 'http://[fd00:50::1]:4777/boot.ipxe', given: [] };
  expect(said('informationRequest', [CLIENT_ID, ...IPXE])).toMatchObject({ ...told, codes: [1, 2, 23, 24, 59] });
  expect(said('informationRequest', IPXE)).toMatchObject({ ...told, codes: [2, 23, 24, 59] });
  expect(said('informationRequest', [[6, hex('0038')]])).toMatchObject({ codes: [2, 56] });
});

describe('what a relay sends', () => {
  const inner = (options: Fields6) => encodeDhcp6({ type: MESSAGE6.solicit, xid: 0xabcdef, options });
  const around = (hops: number, link: string, peer: string, options: Fields6): Buffer =>
    Buffer.concat([Buffer.from([12, hops]), ipv6Bytes(link), ipv6Bytes(peer), encodeOptions6(options)]);

  it('goes back through all of them, and the card is the one that the relay saw', () => {
    const nearest = around(0, 'fd00:50::ffff', 'fe80::9', [
      [18, Buffer.from('port7')],
      [79, hex('0001 52540000aa01')],
      [9, inner([[1, hex('00030001525400551cee')], association(), ...PXE])],
    ]);
    const parsed = parseDhcp6(around(1, '::', 'fd00:50::ffff', [[9, nearest]]));
    if (!parsed.ok) throw new Error(parsed.reason);
    const { packet } = parsed;
    expect(packet.relays.map(({ hops, link, peer }) => [hops, link, peer])).toEqual([
      [1, '::', 'fd00:50::ffff'],
      [0, 'fd00:50::ffff', 'fe80::9'],
    ]);
    const machines: NetbootMachine[] = [];
    const addresses = createAddresses6({
      ...{ reservations: () => ({ of: () => [], owner: () => undefined }), taken: () => new Set<string>() },
      ...{ now: () => 0, leaseMs: 1000 },
    });
    const facts = { nameServers: [], timeServers: [], domain: undefined, search: [] };
    const answer = reply6(
      { packet, from: 'fd00:9::1', network: NETWORK, server: 'fd00:1::1' },
      {
        ...{ serverId: SERVER_ID, addresses, facts, leaseSeconds: 1, authoritative: false },
        choose: (machine) => {
          machines.push(machine);
          return { silence: 'it boots its own disk' };
        },
      },
    );
    if (answer.kind === 'silence') throw new Error(answer.reason);
    expect(machines).toMatchObject([{ mac: '52:54:00:00:aa:01' }]);
    expect(answer).toMatchObject({ address: 'fd00:50::5254:0:aa01', noFile: 'it boots its own disk' });
    const outer = answer.bytes;
    expect([outer[0], outer[1], ipv6Text(outer.subarray(18, 34))]).toEqual([13, 1, 'fd00:50::ffff']);
    const middle = outer.subarray(34 + 4);
    expect([middle[0], middle[1], ipv6Text(middle.subarray(18, 34))]).toEqual([13, 0, 'fe80::9']);
    expect(middle.toString('latin1')).toContain('port7');
  });

  it.each([
    ['cut in its header', (bytes: Buffer) => bytes.subarray(0, 20), 'too short'],
    ['without a message in it', () => around(0, '::', '::', []), 'an empty relay message'],
    ['with half a message', () => around(0, '::', '::', [[9, hex('0100')]]), 'too short'],
    [
      'with two messages',
      () =>
        around(0, '::', '::', [
          [9, inner([])],
          [9, inner([])],
        ]),
      'duplicate option',
    ],
    [
      'through nine relays',
      (bytes: Buffer) => Array.from({ length: 8 }).reduce<Buffer>((one) => around(0, '::', '::', [[9, one]]), bytes),
      'too many relays',
    ],
  ])('is refused %s', (_name, make, reason) => {
    expect(parseDhcp6(make(around(0, '::', '::', [[9, inner([])]])))).toEqual({ ok: false, reason });
  });
});

describe('bad input', () => {
  it.each<[string, keyof typeof MESSAGE6, Fields6, string]>([
    [
      'two client identifiers',
      'solicit',
      [CLIENT_ID, [1, hex('00030001525400551cee')], association()],
      'two client identifiers',
    ],
    ['two times the same option', 'solicit', [CLIENT_ID, [6, hex('003b')], [6, hex('0017')]], 'duplicate option'],
    ['no client identifier', 'solicit', [association(), ...PXE], 'no client identifier'],
    ['an identifier of two bytes', 'solicit', [[1, hex('0003')], association()], 'no client identifier'],
    ['an identifier that is too long', 'solicit', [[1, Buffer.alloc(131, 3)], association()], 'no client identifier'],
    [
      'a server in a first question',
      'solicit',
      [CLIENT_ID, SERVER, association()],
      'a server identifier where none belongs',
    ],
    ['no server in a request', 'request', [CLIENT_ID, association()], 'no server identifier'],
    [
      'another server',
      'request',
      [CLIENT_ID, [2, hex('00030001020000000099')], association()],
      'meant for another server',
    ],
    [
      'addresses in a question for information',
      'informationRequest',
      [CLIENT_ID, association()],
      'addresses in a question for information',
    ],
    ['a cut association', 'solicit', [CLIENT_ID, [3, hex('0000002a')]], 'broken addresses'],
    [
      'a cut address',
      'solicit',
      [CLIENT_ID, [3, Buffer.concat([hex('0000002a'), Buffer.alloc(8), hex('0005 0004 fd000050')])]],
      'broken addresses',
    ],
    ['an answer of a server', 'advertise', [CLIENT_ID, SERVER], 'not a question for a server'],
  ])('%s: no answer', (_name, type, options, silence) => {
    expect(setup().said(type, options)).toEqual({ silence });
  });

  it('cut anywhere it is refused or harmless, and never throws', () => {
    const whole = encodeDhcp6({ type: MESSAGE6.solicit, xid: 1, options: [CLIENT_ID, association(OWN), ...IPXE] });
    const boundaries = new Set<number>();
    for (let at = 4; at < whole.length; at += 4 + whole.readUInt16BE(at + 2)) boundaries.add(at);
    for (let length = 0; length < whole.length; length += 1) {
      const parsed = parseDhcp6(whole.subarray(0, length));
      expect(parsed.ok, `${length} bytes`).toBe(boundaries.has(length));
    }
    expect(parseDhcp6(Buffer.alloc(5000))).toEqual({ ok: false, reason: 'too long' });
  });

  it('an architecture that nobody knows gets an address, and no boot program', () => {
    const odd: Fields6 = [[61, hex('00ff')], vendor('PXEClient:Arch:00255')];
    const { ask, asked } = setup();
    expect(ask('solicit', [CLIENT_ID, association(), ...odd])).toMatchObject({
      address: OWN,
      noFile: 'unknown architecture',
    });
    expect(ask('solicit', [CLIENT_ID, association(), [61, hex('00')]])).toMatchObject({
      noFile: 'unknown architecture',
    });
    expect(ask('solicit', [CLIENT_ID, association(), vendor('PXEClient')])).toMatchObject({
      noFile: 'no architecture',
    });
    const hidden = ask('solicit', [CLIENT_ID, association(), ...PXE], 'fe80::1234%eth0');
    expect(hidden).toMatchObject({ noFile: 'no network card is known of it' });
    expect(asked).toEqual([]);
  });
});
