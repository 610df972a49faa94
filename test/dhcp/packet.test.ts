import { describe, expect, it } from 'vitest';
import { address, encodeDhcp, parseDhcp } from '../../src/dhcp/packet.ts';
import { discover, FIRMWARE, optionsOf, parsed } from '../support/dhcp-packets.ts';
import { chance, mutant } from '../support/udp-fuzz.ts';

const BASE = { op: 2, xid: 1, mac: '52:54:00:55:1c:ee' };

describe('encodeDhcp', () => {
  it('is never shorter than 300 bytes and ends its options', () => {
    const bytes = encodeDhcp({ ...BASE, options: [[53, Buffer.from([2])]] });
    expect(bytes.length).toBe(300);
    expect(bytes.toString('hex', 236, 246)).toBe('63825363350102ff0000');
  });

  it('puts every field where RFC 2131 has it', () => {
    const bytes = encodeDhcp({ ...BASE, flags: 0x8000, siaddr: '192.168.122.10', file: 'a.efi', options: [] });
    expect(bytes.toString('hex', 0, 12)).toBe('020106000000000100008000'.slice(0, 24));
    expect(bytes.toString('hex', 20, 24)).toBe('c0a87a0a');
    expect(bytes.toString('hex', 28, 36)).toBe('525400551cee0000');
    expect(bytes.toString('latin1', 108, 114)).toBe('a.efi\0');
  });

  it('always leaves a zero behind the file name', () => {
    const bytes = encodeDhcp({ ...BASE, file: 'x'.repeat(200), options: [] });
    expect([bytes[234], bytes[235]]).toEqual([0x78, 0]);
  });

  it('splits a long value (RFC 3396) and writes an empty one', () => {
    const bytes = encodeDhcp({
      ...BASE,
      options: [
        [67, Buffer.alloc(300, 'x')],
        [97, Buffer.alloc(0)],
      ],
    });
    expect([bytes[240], bytes[241], bytes[497], bytes[498]]).toEqual([67, 255, 67, 45]);
    expect(bytes.toString('hex', 544, 547)).toBe('6100ff');
  });
});

describe('address', () => {
  it.each([
    ['192.168.0.1', 'c0a80001'],
    ['256.1.1.1', '00000000'],
    ['1.2.3', '00000000'],
    ['::1', '00000000'],
    [undefined, '00000000'],
  ])('writes %s as %s', (text, hex) => {
    expect(address(text).toString('hex')).toBe(hex);
  });
});

const OVMF = discover(optionsOf('OVMF 2022.11, PXEv4'));

/** A packet with hand-made option bytes. */
function raw(options: string, edit: (packet: Buffer) => void = () => undefined): Buffer {
  const head = encodeDhcp({ op: 1, xid: 1, mac: '52:54:00:55:1c:ee', options: [] }).subarray(0, 240);
  const packet = Buffer.concat([head, Buffer.from(options.replaceAll(' ', ''), 'hex')]);
  edit(packet);
  return packet;
}

const reason = (bytes: Buffer): string => {
  const result = parseDhcp(bytes);
  return result.ok ? 'ok' : result.reason;
};

describe('parseDhcp', () => {
  it('reads the fields', () => {
    const bytes = encodeDhcp({
      op: 2,
      xid: 0x01020304,
      secs: 7,
      flags: 0x8000,
      ciaddr: '10.0.0.1',
      yiaddr: '10.0.0.2',
      siaddr: '10.0.0.3',
      giaddr: '10.0.0.4',
      mac: '52:54:00:55:1c:ee',
      file: 'undionly.kpxe',
      options: [[53, Buffer.from([2])]],
    });
    expect(parsed(bytes)).toEqual({
      op: 2,
      hops: 0,
      xid: 0x01020304,
      secs: 7,
      flags: 0x8000,
      ciaddr: '10.0.0.1',
      yiaddr: '10.0.0.2',
      siaddr: '10.0.0.3',
      giaddr: '10.0.0.4',
      mac: '52:54:00:55:1c:ee',
      file: 'undionly.kpxe',
      options: new Map([[53, Buffer.from([2])]]),
    });
  });

  it.each(Object.keys(FIRMWARE))('reads the options of %s', (firmware) => {
    const { options } = parsed(discover(optionsOf(firmware)));
    for (const [code, value] of FIRMWARE[firmware] ?? []) expect(options.get(code)).toEqual(value);
  });

  it('skips pads and stops at the end option', () => {
    expect([...parsed(raw('00 00 350101 00 ff 3501')).options.keys()]).toEqual([53]);
  });

  it('joins what was split at 255 bytes (RFC 3396)', () => {
    const long = Buffer.alloc(600, 'x');
    const bytes = encodeDhcp({ op: 1, xid: 1, mac: '52:54:00:55:1c:ee', options: [[67, long]] });
    expect(parsed(bytes).options.get(67)).toEqual(long);
  });

  it('reads options out of file and sname where option 52 says so', () => {
    const bytes = raw('340103 350101 ff', (packet) => {
      packet.set(Buffer.from('3c09505845436c69656e74ff', 'hex'), 108);
      packet.set(Buffer.from('5d020007ff', 'hex'), 44);
    });
    const packet = parsed(bytes);
    expect(packet.options.get(60)?.toString()).toBe('PXEClient');
    expect(packet.options.get(93)?.toString('hex')).toBe('0007');
    expect(packet.file).toBe('');
  });

  it.each([
    ['an option past the end', raw('350101 3cff41'), 'option past the end'],
    ['an option without a length', raw('350101 3c'), 'option past the end'],
    ['no end option', raw('350101 0000'), 'no end option'],
    ['a duplicate', raw('350101 350103 ff'), 'duplicate option'],
    ['no magic cookie', raw('ff', (packet) => packet.fill(0, 236, 240)), 'no magic cookie'],
    ['hlen 16', raw('ff', (packet) => (packet[2] = 16)), 'not Ethernet'],
    ['hlen 255', raw('ff', (packet) => (packet[2] = 255)), 'not Ethernet'],
    ['hlen 0', raw('ff', (packet) => (packet[2] = 0)), 'not Ethernet'],
    ['Infiniband', raw('ff', (packet) => (packet[1] = 32)), 'not Ethernet'],
    ['overload 0', raw('340100 ff'), 'bad overload'],
    ['overload 4', raw('340104 ff'), 'bad overload'],
    ['overload of two bytes', raw('34020101 ff'), 'bad overload'],
    ['an empty overload', raw('3400 ff'), 'bad overload'],
    [
      'overload inside of what it names',
      raw('340101 ff', (p) => {
        p.set([0x34, 1, 1, 255], 108);
      }),
      'duplicate option',
    ],
    ['an overloaded field without an end', raw('340102 ff'), 'no end option'],
    ['4,096 bytes', raw('00'.repeat(4096 - 241) + 'ff'), 'too long'],
    ['nothing', Buffer.alloc(0), 'too short'],
    ['a header without options', raw(''), 'too short'],
  ])('rejects %s', (_, bytes, why) => {
    expect(reason(bytes)).toBe(why);
  });

  it('rejects a real DISCOVER cut anywhere before its end option', () => {
    const end = OVMF.lastIndexOf(255);
    expect(reason(OVMF.subarray(0, end + 1))).toBe('ok');
    for (let length = 0; length <= end; length += 1) expect(reason(OVMF.subarray(0, length))).not.toBe('ok');
  });

  it('survives 1,000,000 random and mutated packets', { timeout: 180_000 }, () => {
    const random = chance(2);
    const seeds = Object.keys(FIRMWARE).map((firmware) => discover(optionsOf(firmware)));
    let good = 0;
    for (let i = 0; i < 1_000_000; i += 1) {
      const result = parseDhcp(mutant(random, seeds, 1600));
      if (result.ok) good += 1;
    }
    expect(good).toBeGreaterThan(20_000);
    expect(good).toBeLessThan(980_000);
  });
});
