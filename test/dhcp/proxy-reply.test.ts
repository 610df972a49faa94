import { describe, expect, it } from 'vitest';
import type { DhcpFields } from '../../src/dhcp/packet.ts';
import type { NetbootMachine } from '../../src/dhcp/machine.ts';
import type { BootOffer } from '../../src/boot/boot-programs.ts';
import { proxyReply, type ProxyAnswer, type ProxyPolicy } from '../../src/dhcp/proxy-reply.ts';
import { describePacket, discover, FIRMWARE, GUID, optionsOf, parsed, question } from '../support/dhcp-packets.ts';

const SERVER = '192.168.122.10';
const URL = 'http://192.168.122.10:4777/boot.ipxe';

function choose(machine: NetbootMachine): BootOffer {
  if (machine.ipxe) return { file: URL };
  if (machine.target.http) return { file: `http://${SERVER}:4777/firmware/snponly-${machine.target.arch}.efi` };
  return { file: machine.target.platform === 'pcbios' ? 'undionly.kpxe' : `snponly-${machine.target.arch}.efi` };
}

const POLICY: ProxyPolicy = { serverAddress: SERVER, relays: new Set(['10.9.9.1']), choose };

function ask(
  bytes: Buffer,
  port: 67 | 4011 = 67,
  from = { address: '0.0.0.0', port: 68 },
  policy = POLICY,
): ProxyAnswer {
  return proxyReply({ packet: parsed(bytes), port, from }, policy);
}

function say(answer: ProxyAnswer): string {
  return answer.kind === 'silence'
    ? `silence: ${answer.reason}`
    : `to ${answer.to.address}:${answer.to.port}\n${describePacket(answer.bytes)}\n`;
}

const OVMF = optionsOf('OVMF 2022.11, PXEv4');

describe('proxyReply to real firmware', () => {
  it.each(Object.keys(FIRMWARE))('offers %s what it needs', async (firmware) => {
    const golden = `../golden/wire/dhcp/${firmware.replaceAll(/[^A-Za-z0-9.]+/g, '-')}.txt`;
    await expect(say(ask(discover(optionsOf(firmware))))).toMatchFileSnapshot(golden);
  });

  it('answers OVMF on 4011 to the port that it sends from', async () => {
    const bytes = question(3, OVMF, { ciaddr: '192.168.122.2' });
    await expect(say(ask(bytes, 4011, { address: '192.168.122.2', port: 4011 }))).toMatchFileSnapshot(
      '../golden/wire/dhcp/OVMF-on-4011.txt',
    );
  });

  it('repeats the boot item that iPXE chose on 4011', () => {
    const bytes = question(
      3,
      optionsOf('iPXE 1.0.0+git-20190125, BIOS ROM', { 43: Buffer.from('470480000000ff', 'hex') }),
    );
    const answer = ask(bytes, 4011, { address: '192.168.122.3', port: 68 });
    expect(answer.kind === 'reply' && parsed(answer.bytes).options.get(43)?.toString('hex')).toBe('470480000000ff');
  });

  it('is no fool of a broken boot item', () => {
    for (const item of ['47', '4704', '470480', '4706800000000000ff']) {
      const answer = ask(question(3, [...OVMF, [43, Buffer.from(item, 'hex')]]), 4011, {
        address: '10.0.0.1',
        port: 68,
      });
      expect(answer.kind === 'reply' && parsed(answer.bytes).options.get(43)?.toString('hex')).toBe('060108ff');
    }
  });
});

describe('proxyReply', () => {
  it('never offers an address or a lease', () => {
    for (const firmware of Object.keys(FIRMWARE)) {
      for (const [type, port] of [
        [1, 67],
        [3, 4011],
      ] as const) {
        const answer = ask(question(type, optionsOf(firmware)), port, { address: '10.0.0.7', port: 68 });
        const packet = answer.kind === 'reply' ? parsed(answer.bytes) : undefined;
        expect(packet).toMatchObject({ yiaddr: '0.0.0.0', siaddr: SERVER });
        expect(packet?.options.has(51)).toBe(false);
      }
    }
  });

  it.each([
    ['a plain client', discover([[55, Buffer.from([1, 3, 6])]]), 'does not netboot'],
    ['a reply', discover(OVMF, { op: 2 }), 'not a request'],
    ['no message type', question(0, OVMF), 'no message type'],
    ['a long message type', question(0, [...OVMF, [53, Buffer.from([1, 1])]]), 'no message type'],
    ['a DECLINE', question(4, OVMF), 'not a question for a proxy'],
    ['a RELEASE', question(7, OVMF), 'not a question for a proxy'],
    ['an INFORM on 67', question(8, OVMF), 'not a question for a proxy'],
    ['a REQUEST to nobody', question(3, OVMF), 'for another server'],
    [
      'a REQUEST to another server',
      question(3, [...OVMF, [54, Buffer.from([192, 168, 122, 1])]]),
      'for another server',
    ],
    ['a relay that nobody named', discover(OVMF, { giaddr: '203.0.113.5' }), 'unknown relay'],
  ])('says nothing to %s', (_, bytes, reason) => {
    expect(say(ask(bytes))).toBe(`silence: ${reason}`);
  });

  it('acknowledges a REQUEST that names us', () => {
    const answer = ask(question(3, [...OVMF, [54, Buffer.from([192, 168, 122, 10])]]));
    expect(answer.kind === 'reply' && parsed(answer.bytes).options.get(53)).toEqual(Buffer.from([5]));
    expect(answer).toMatchObject({ to: { address: '255.255.255.255', port: 68 } });
  });

  it.each([
    [3, 'no server', [], 'ack'],
    [8, 'an INFORM', [], 'ack'],
    [3, 'our address', [[54, Buffer.from([192, 168, 122, 10])]], 'ack'],
    [3, 'another address', [[54, Buffer.from([192, 168, 122, 1])]], 'silence: for another server'],
    [1, 'a DISCOVER', [], 'silence: a discover on 4011'],
  ] as const)('on 4011 answers type %i with %s', (type, _, more, expected) => {
    const answer = ask(question(type, [...OVMF, ...(more as unknown as DhcpFields['options'])]), 4011, {
      address: '192.168.122.2',
      port: 68,
    });
    const said =
      answer.kind === 'silence' ? say(answer) : parsed(answer.bytes).options.get(53)?.[0] === 5 ? 'ack' : '?';
    expect(said).toBe(expected);
  });

  it('answers a relay that a setting names, at its port 67', () => {
    expect(ask(discover(OVMF, { giaddr: '10.9.9.1' }))).toMatchObject({ to: { address: '10.9.9.1', port: 67 } });
  });

  it('asks for a broadcast where the answer has no address of the machine, whatever the machine asked for', () => {
    const flags = (answer: ProxyAnswer): number | undefined =>
      answer.kind === 'reply' ? parsed(answer.bytes).flags : undefined;
    for (const asked of [0, 0x8000]) {
      expect(flags(ask(discover(OVMF, { flags: asked })))).toBe(0x8000);
      expect(flags(ask(discover(OVMF, { flags: asked, giaddr: '10.9.9.1' })))).toBe(0x8000);
      expect(flags(ask(question(3, OVMF, { flags: asked }), 4011, { address: '10.0.0.7', port: 68 }))).toBe(asked);
    }
  });

  it('gives a relay its option 82 back, as it came and last (RFC 3046)', () => {
    const circuit = Buffer.from('0104000a0003020600c0ffee0001', 'hex');
    const answer = ask(discover([[82, circuit], ...OVMF], { giaddr: '10.9.9.1' }));
    const packet = answer.kind === 'reply' ? parsed(answer.bytes) : undefined;
    expect([...(packet?.options ?? [])].at(-1)).toEqual([82, circuit]);
    // A switch adds it without being a relay, and takes it off the answer.
    const snooped = ask(discover([[82, circuit], ...OVMF]));
    expect(snooped.kind === 'reply' && parsed(snooped.bytes).options.get(82)).toEqual(circuit);
    const without = ask(discover(OVMF, { giaddr: '10.9.9.1' }));
    expect(without.kind === 'reply' && parsed(without.bytes).options.has(82)).toBe(false);
  });

  it('sends nothing on 67 to where a packet merely says it came from', () => {
    const forged = discover(OVMF, { ciaddr: '203.0.113.5', flags: 0 });
    expect(ask(forged, 67, { address: '203.0.113.5', port: 53 })).toMatchObject({
      to: { address: '255.255.255.255', port: 68 },
    });
  });

  it.each([
    ['iPXE', Buffer.from('iPXE')],
    ['counted iPXE', Buffer.from('\x04iPXE')],
  ])('gives %s a script on every architecture', (_, userClass) => {
    for (const arch of [0, 6, 7, 9, 11]) {
      const changes = { 77: userClass, 93: Buffer.from([0, arch]) };
      expect(ask(discover(optionsOf('OVMF 2022.11, PXEv4', changes)))).toMatchObject({ file: URL });
    }
  });

  it('says why the policy keeps silent, and about whom', () => {
    const policy = { ...POLICY, choose: () => ({ silence: 'boots from its own disk' }) };
    const answer = ask(discover(OVMF), 67, { address: '0.0.0.0', port: 68 }, policy);
    expect(answer).toMatchObject({ kind: 'silence', reason: 'boots from its own disk', machine: { ipxe: false } });
  });

  it('puts a file name over 127 bytes into option 67 alone', () => {
    const long = `http://boot.test/${'x'.repeat(300)}`;
    const answer = ask(discover(OVMF), 67, undefined, { ...POLICY, choose: () => ({ file: long }) });
    const packet = answer.kind === 'reply' ? parsed(answer.bytes) : undefined;
    expect(packet?.file).toBe('');
    expect(packet?.options.get(67)?.toString()).toBe(long);
  });

  it('repeats the identifier byte for byte, and none where there was none', () => {
    const withGuid = ask(discover(OVMF));
    const without = ask(discover(optionsOf('OVMF 2022.11, PXEv4', { 97: Buffer.alloc(0) })));
    expect(withGuid.kind === 'reply' && parsed(withGuid.bytes).options.get(97)).toEqual(GUID);
    expect(without.kind === 'reply' && parsed(without.bytes).options.has(97)).toBe(false);
  });
});
