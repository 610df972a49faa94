import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Offer } from '../../src/dhcp/discover.ts';
import type { DhcpFields } from '../../src/dhcp/packet.ts';
import type { MachineEvent } from '../../src/dhcp/server.ts';
import { bytesOf, leaseSetup, type LeaseSetup, pools, SERVER } from '../support/dhcp-leases.ts';
import { optionsOf } from '../support/dhcp-packets.ts';

const [DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM] = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const NAMES = { [OFFER]: 'offer', [ACK]: 'ack', [NAK]: 'nak' } as const;
const mac = (number: number): string => `52:54:00:00:00:${number.toString(16).padStart(2, '0')}`;
const server = [54, bytesOf(SERVER)] as const;
const wants = (address: string) => [50, bytesOf(address)] as const;

type Answer = Awaited<ReturnType<LeaseSetup['ask']>>;
const said = ({ options, yiaddr }: Answer): string => {
  const type = options.get(53)?.[0] as keyof typeof NAMES;
  return type === NAK ? 'nak' : `${NAMES[type]} ${yiaddr}`;
};

/** The four messages of RFC 2131; gives the address. */
async function lease(setup: LeaseSetup, number: number, options: DhcpFields['options'] = []): Promise<string> {
  const { yiaddr } = await setup.ask(DISCOVER, options, { mac: mac(number) });
  const ack = await setup.ask(REQUEST, [...options, server, wants(yiaddr)], { mac: mac(number) });
  expect(said(ack)).toBe(`ack ${yiaddr}`);
  return yiaddr;
}

describe('an address and a boot program at once', () => {
  it('offers both to firmware, and gives both', async () => {
    const told: MachineEvent[] = [];
    const setup = await leaseSetup({}, { onMachine: (event) => told.push(event) });
    const firmware = optionsOf('OVMF 2022.11, PXEv4');
    const offer = await setup.ask(DISCOVER, firmware);
    expect(offer).toMatchObject({ yiaddr: '127.0.50.10', siaddr: SERVER, file: 'snponly.efi' });
    expect(told).toEqual([]);
    const ack = await setup.ask(REQUEST, [...firmware, server, wants('127.0.50.10')]);
    expect(ack).toMatchObject({ yiaddr: '127.0.50.10', siaddr: SERVER, file: 'snponly.efi' });
    expect(Object.fromEntries([...ack.options].map(([code, value]) => [code, value.toString('hex')]))).toMatchObject({
      1: 'ffffff00',
      43: '060108ff',
      51: '00000e10',
      53: '05',
      54: '7f003201',
      58: '00000708',
      59: '00000c4e',
      60: Buffer.from('PXEClient').toString('hex'),
      67: Buffer.from('snponly.efi').toString('hex'),
    });
    expect(told).toMatchObject([{ machine: { mac: '52:54:00:55:1c:ee' }, file: 'snponly.efi' }]);
  });

  it('gives iPXE its script, and the operating system only the address, which stays the same', async () => {
    const setup = await leaseSetup();
    const ipxe = optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM');
    const first = await setup.ask(DISCOVER, ipxe);
    expect(first).toMatchObject({ yiaddr: '127.0.50.10', file: `http://${SERVER}:4777/boot.ipxe` });
    await setup.ask(REQUEST, [...ipxe, server, wants('127.0.50.10')]);
    const system = await setup.ask(DISCOVER, [[55, Buffer.from([1, 3, 6])]]);
    expect(system).toMatchObject({ yiaddr: '127.0.50.10', siaddr: '0.0.0.0', file: '' });
    expect(system.options.has(60)).toBe(false);
  });

  it('gives an address without a program where the machine boots its own disk', async () => {
    const told: MachineEvent[] = [];
    const choose = () => ({ silence: 'it boots its own disk' });
    const setup = await leaseSetup({}, { choose, onMachine: (event) => told.push(event) });
    const firmware = optionsOf('OVMF 2022.11, PXEv4');
    await setup.ask(REQUEST, [...firmware, server, wants('127.0.50.10')]);
    expect(told).toMatchObject([{ silence: 'it boots its own disk' }]);
  });
});

describe('what is kept', () => {
  it('is on the disk before it is said, and there after a kill', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    const [line = ''] = readFileSync(join(setup.dir, 'state/leases.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(line)).toMatchObject({ address: '127.0.50.10', mac: mac(1), state: 'bound' });
    // The file is copied while the server runs: what a kill leaves behind.
    const after = await leaseSetup({}, {}, setup.dir);
    expect(await lease(after, 2)).toBe('127.0.50.11');
    expect(await lease(after, 1)).toBe('127.0.50.10');
  });

  it('counts as far as it can be read, said loudly, and the damaged file is kept', async () => {
    const setup = await leaseSetup();
    for (const number of [1, 2]) await lease(setup, number);
    await setup.stop();
    const file = join(setup.dir, 'state/leases.jsonl');
    const [first = '', second = ''] = readFileSync(file, 'utf8').split('\n');
    const damaged = `${first.slice(0, 20)}\n${second}\n{"address":"127.0`;
    writeFileSync(file, damaged);
    const after = await leaseSetup({}, {}, setup.dir);
    expect(after.server.leases()).toMatchObject([{ address: '127.0.50.11', mac: mac(2) }]);
    expect(after.server.diagnostics()).toMatchObject([
      { severity: 'error', message: '1 of 2 lines are damaged: which machines had those addresses is not known' },
    ]);
    expect(after.log.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    expect(readFileSync(join(setup.dir, 'state/leases.damaged'), 'utf8')).toBe(damaged);
  });

  it('is not given where it cannot be written, and Health says so', async () => {
    const setup = await leaseSetup();
    // A file where the folder should be.
    writeFileSync(join(setup.dir, 'state'), '');
    await setup.ask(DISCOVER, [], { mac: mac(1) });
    await setup.tell('cannot be written down', REQUEST, [server, wants('127.0.50.10')], { mac: mac(1) });
    expect(setup.server.leases()).toEqual([]);
    expect(setup.server.diagnostics()).toMatchObject([{ severity: 'error' }]);
  });

  it('lasts as long and is given to no other machine when the clock is set back, or on, while the server runs', async () => {
    const setup = await leaseSetup();
    const [real, day] = [Date.now(), 86_400_000];
    const clock = vi.spyOn(Date, 'now');
    onTestFinished(() => {
      clock.mockRestore();
    });
    for (const [i, set] of [real - 9000 * day, real + 9000 * day].entries()) {
      clock.mockReturnValue(set);
      expect(await lease(setup, i + 1)).toBe(`127.0.50.1${i}`);
    }
    const now = performance.timeOrigin + performance.now();
    for (const { until } of setup.server.leases()) expect(Math.abs(until - now - 3_600_000)).toBeLessThan(day);
    expect(await lease(setup, 3)).toBe('127.0.50.12');
  });

  it('of a day that has not come yet lasts from today', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    await setup.stop();
    const file = join(setup.dir, 'state/leases.jsonl');
    const future = Date.now() + 365 * 86_400_000;
    const old = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, `${JSON.stringify({ ...old, at: future, until: future + 3_600_000 })}\n`);
    const after = await leaseSetup({}, {}, setup.dir);
    const [kept] = after.server.leases();
    expect(kept?.until).toBeGreaterThan(Date.now());
    expect(kept?.until).toBeLessThanOrEqual(Date.now() + 3_700_000);
  });
});

describe('who gets what', () => {
  it('gives each machine its own, and none when the pool is full', async () => {
    const setup = await leaseSetup();
    expect([await lease(setup, 1), await lease(setup, 2), await lease(setup, 3)]).toEqual([
      '127.0.50.10',
      '127.0.50.11',
      '127.0.50.12',
    ]);
    await setup.tell('the pool is full', DISCOVER, [], { mac: mac(4) });
    expect(setup.server.diagnostics()).toMatchObject([{ message: 'no address is left in 127.0.50.0/24' }]);
    expect(await lease(setup, 2)).toBe('127.0.50.11');
  });

  it('gives back what was released, to others last', async () => {
    const setup = await leaseSetup();
    for (const number of [1, 2]) await lease(setup, number);
    await setup.tell('gave back its address', RELEASE, [server], { mac: mac(1), ciaddr: '127.0.50.10' });
    expect(await lease(setup, 3)).toBe('127.0.50.12');
    expect(await lease(setup, 4)).toBe('127.0.50.10');
  });

  it('takes no release and no refusal from a machine that has not the address', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    const other = { mac: mac(2) };
    await setup.tell('gives back what it has not', RELEASE, [server], { ...other, ciaddr: '127.0.50.10' });
    await setup.tell('refuses what it was not given', DECLINE, [server, wants('127.0.50.10')], other);
    expect(setup.server.leases()).toMatchObject([{ mac: mac(1), state: 'bound' }]);
  });

  it('lets a refused address rest', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    await setup.tell('refused its address', DECLINE, [server, wants('127.0.50.10')], { mac: mac(1) });
    expect(await lease(setup, 1)).toBe('127.0.50.11');
    expect(await lease(setup, 2)).toBe('127.0.50.12');
    await setup.tell('the pool is full', DISCOVER, [], { mac: mac(3) });
    expect(setup.server.diagnostics()).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('127.0.50.10 is not given out') as string }),
    );
  });

  it('offers no address that another machine is found to have', async () => {
    const macOf = (address: string) =>
      Promise.resolve(address === '127.0.50.10' ? ('02:00:00:00:00:99' as never) : undefined);
    const setup = await leaseSetup({}, { macOf });
    expect(await lease(setup, 1)).toBe('127.0.50.11');
    expect(setup.server.leases()).toContainEqual(
      expect.objectContaining({ address: '127.0.50.10', state: 'resting', mac: '02:00:00:00:00:99' }),
    );
  });

  it('says no to an address of elsewhere, of another machine and of no machine', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    for (const address of ['10.0.0.7', '127.0.50.10', '127.0.50.99']) {
      expect(said(await setup.ask(REQUEST, [wants(address)], { mac: mac(2) })), address).toBe('nak');
    }
    expect(said(await setup.ask(REQUEST, [wants('127.0.50.10')], { mac: mac(1) }))).toBe('ack 127.0.50.10');
    expect(said(await setup.ask(REQUEST, [wants('127.0.50.11')], { mac: mac(2) }))).toBe('ack 127.0.50.11');
  });

  it('keeps silent about what it does not know where it is not authoritative', async () => {
    const setup = await leaseSetup({ authoritative: false });
    await setup.tell('not known here', REQUEST, [wants('127.0.50.11')], { mac: mac(1) });
    expect(await lease(setup, 1)).toBe('127.0.50.10');
    expect(said(await setup.ask(REQUEST, [wants('127.0.50.10')], { mac: mac(1) }))).toBe('ack 127.0.50.10');
  });

  it('forgets an offer that went to another server, and knows then that there is one', async () => {
    const setup = await leaseSetup();
    const other = [54, bytesOf('127.0.50.2')] as const;
    await setup.ask(DISCOVER, [], { mac: mac(1) });
    await setup.tell('for another server', REQUEST, [other, wants('127.0.50.10')], { mac: mac(1) });
    expect(setup.server.diagnostics()).toMatchObject([
      { message: '127.0.50.2 gives out addresses in 127.0.50.0/24, too' },
    ]);
  });

  it('tells the network to a machine that has an address', async () => {
    const setup = await leaseSetup();
    const answer = await setup.ask(INFORM, [], { mac: mac(1), ciaddr: '127.0.50.77' });
    expect(answer).toMatchObject({ yiaddr: '0.0.0.0', ciaddr: '127.0.50.77' });
    expect(answer.options.get(1)).toEqual(bytesOf('255.255.255.0'));
    expect(answer.options.has(51)).toBe(false);
  });

  it('renews to where the machine has its address, and not one that is not its own any more', async () => {
    const setup = await leaseSetup();
    await lease(setup, 1);
    expect(said(await setup.ask(REQUEST, [], { mac: mac(1), ciaddr: '127.0.50.10' }))).toBe('ack 127.0.50.10');
    // The refusal is a broadcast: the machine has no address that it may be sent to.
    await setup.tell('no network for it', REQUEST, [], { mac: mac(2), ciaddr: '127.0.60.10' });
  });
});

describe('what contradicts itself', () => {
  it.each([
    ['no message type', 0, [], {}],
    ['no address in the request', REQUEST, [server], {}],
    ['no address in the request', REQUEST, [server, [50, Buffer.from([127, 0, 50])]], {}],
    ['two addresses', REQUEST, [wants('127.0.50.10')], { ciaddr: '127.0.50.11' }],
    ['not a request', REQUEST, [], { op: 2 }],
    ['unknown relay', DISCOVER, [], { giaddr: '127.0.60.1' }],
    ['not a question for a server', 13, [], {}],
    ['bad overload', DISCOVER, [[52, Buffer.from([9])]], {}],
    ['duplicate option', DISCOVER, [wants('127.0.50.10'), wants('127.0.50.11')], {}],
  ] as const)('is not answered: %s', async (reason, type, options, fields) => {
    const setup = await leaseSetup();
    await setup.tell(reason, type, options, fields);
    expect(setup.server.leases()).toEqual([]);
  });
});

describe('the start', () => {
  const offer: Offer = {
    ...{ interfaceName: 'lab', firmware: 'BIOS', server: '127.0.50.2', yiaddr: '127.0.50.200', nextServer: '0.0.0.0' },
    ...{ file: '', option67: '', option43: '', vendorClass: '' },
  };

  it('is refused where another server hands out addresses', async () => {
    await expect(leaseSetup({}, { discover: () => Promise.resolve([offer]) })).rejects.toThrow(
      'another DHCP server (127.0.50.2) hands out addresses on lab',
    );
  });

  it('is not where told, nor for a proxy that gives no address', async () => {
    const setup = await leaseSetup({ besideOthers: true }, { discover: () => Promise.resolve([offer]) });
    expect(setup.server.diagnostics()).toHaveLength(1);
    const proxy = { ...offer, yiaddr: '0.0.0.0' };
    const beside = await leaseSetup({}, { discover: () => Promise.resolve([proxy]) });
    expect(beside.server.diagnostics()).toEqual([]);
  });

  it('says of ranges that no machine can get an address from', async () => {
    const setup = await leaseSetup({
      pools: pools('127.0.50.10-127.0.50.12, 10.1.0.10-10.1.0.20, 10.2.0.10-10.2.0.20/24'),
    });
    expect(setup.server.diagnostics().map(({ message }) => message)).toEqual([
      'no interface of this host is in a network that holds all of 10.1.0.10-10.1.0.20: no machine gets an address from it',
      'no interface of this host is in 10.2.0.0/24, and no relay in it is named',
    ]);
  });
});
