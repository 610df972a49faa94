import { describe, expect, it } from 'vitest';
import type { BootOffer } from '../../src/boot/boot-programs.ts';
import { netbootMachine, raspberryPiOf } from '../../src/dhcp/machine.ts';
import { RASPBERRY_PI } from '../../src/boot/raspberry-pi.ts';
import { proxyReply } from '../../src/dhcp/proxy-reply.ts';
import { bytesOf, leaseSetup, SERVER } from '../support/dhcp-leases.ts';
import { discover, parsed } from '../support/dhcp-packets.ts';

const MAC = 'dc:a6:32:01:36:c2';
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What the firmware of a Pi 4 and of a Pi 5 says, made from its makers' documentation: no board was at hand. */
const says = (name: string, more: readonly (readonly [number, Buffer])[] = []) => [
  [93, hex('0000')] as const,
  [94, hex('010201')] as const,
  [60, Buffer.from('PXEClient:Arch:00000:UNDI:002001')] as const,
  [55, hex('01032b3c4243 8081828384858687')] as const,
  [97, Buffer.concat([Buffer.from([0]), Buffer.from(name), hex('00c03111 320136c2 3c1a9f02')])] as const,
  ...more,
];

function answer(bytes: Buffer, choose: () => BootOffer = () => ({ file: '' })) {
  const policy = { serverAddress: '192.168.122.10', relays: new Set<string>(), choose };
  return proxyReply({ packet: parsed(bytes), port: 67, from: { address: '0.0.0.0', port: 68 } }, policy);
}

const OPTION_43 = '0601030a0400505845091400001152617370626572727920506920426f6f74ff';

describe.each(['RPi4', 'RPi5'])('the firmware of a Raspberry Pi that says %s', (name) => {
  it('is known by option 97, also with an address that is not known for one', () => {
    const packet = parsed(discover(says(name), { mac: '02:00:00:00:00:01' }));
    expect(netbootMachine(packet)).toBe(RASPBERRY_PI);
    expect(raspberryPiOf(packet).raspberryPi).toEqual({ mac: '02:00:00:00:00:01', serial: '3c1a9f02' });
  });

  it('is told just what it looks for: the server in siaddr, its boot item to the byte, its own option 97, no file', () => {
    const reply = answer(discover(says(name), { mac: MAC }));
    const { siaddr, file, options } = parsed(reply.kind === 'reply' ? reply.bytes : expect.fail(reply.reason));
    expect([siaddr, file]).toEqual(['192.168.122.10', '']);
    expect(options.has(67)).toBe(false);
    expect(options.get(60)?.toString()).toBe('PXEClient');
    expect(options.get(43)?.toString('hex')).toBe(OPTION_43);
    expect(options.get(97)?.toString('hex')).toContain(Buffer.from(name).toString('hex'));
  });

  it('hears the same from our own DHCP server, with its address, also in answer to its REQUEST, which has no option 60', async () => {
    const setup = await leaseSetup({}, { choose: () => ({ file: '' }) });
    const asks = says(name);
    const offer = await setup.ask(1, asks, { mac: MAC });
    const request = [
      ...asks.filter(([code]) => code === 97),
      [54, bytesOf(SERVER)],
      [50, bytesOf(offer.yiaddr)],
    ] as const;
    const ack = await setup.ask(3, request, { mac: MAC });
    for (const { yiaddr, siaddr, file, options } of [offer, ack]) {
      expect({ yiaddr, siaddr, file, bootFile: options.has(67) }).toEqual({
        ...{ yiaddr: '127.0.50.10', siaddr: SERVER, file: '', bootFile: false },
      });
      expect(options.get(43)?.toString('hex')).toBe(OPTION_43);
      expect(options.get(60)?.toString()).toBe('PXEClient');
      expect(options.get(97)).toEqual(asks.find(([code]) => code === 97)?.[1]);
    }
  });

  it('gets an address alone from our own DHCP server where no node is it, or it boots its own disk', async () => {
    for (const silence of [RASPBERRY_PI, 'it boots its own disk']) {
      const setup = await leaseSetup({}, { choose: () => ({ silence }) });
      const { yiaddr, siaddr, options } = await setup.ask(1, says(name), { mac: MAC });
      expect([yiaddr, siaddr, options.has(43)]).toEqual(['127.0.50.10', '0.0.0.0', false]);
    }
  });

  it('that boots its own disk is silent for that reason, and not as a stranger', () => {
    const reply = answer(discover(says(name), { mac: MAC }), () => ({ silence: 'it boots its own disk' }));
    expect(reply).toMatchObject({ kind: 'silence', reason: 'it boots its own disk', machine: { mac: MAC } });
  });

  it('that no node is hears nothing, for that reason', () => {
    const reply = answer(discover(says(name), { mac: MAC }), () => ({ silence: RASPBERRY_PI }));
    expect(reply).toMatchObject({ kind: 'silence', reason: RASPBERRY_PI });
  });
});

it('one whose option 97 is its serial number four times over (DHCP_OPTION97=0) is known by its address', () => {
  const old = says('RPi4').map(
    ([code, value]) => [code, code === 97 ? hex(`00${'3c1a9f02'.repeat(4)}`) : value] as const,
  );
  const packet = parsed(discover(old, { mac: MAC }));
  expect(netbootMachine(packet)).toBe(RASPBERRY_PI);
  expect(raspberryPiOf(packet).raspberryPi).toEqual({ mac: MAC, serial: '3c1a9f02' });
});

it('what asks for an address without a word of booting is no Raspberry Pi firmware, whatever its card is', () => {
  for (const value of [undefined, hex(`00${'ff'.repeat(16)}`)]) {
    const options = value === undefined ? [] : [[97, value] as const];
    expect(netbootMachine(parsed(discover(options, { mac: '52:54:00:00:00:01' })))).toBe('does not netboot');
  }
  expect(netbootMachine(parsed(discover([], { mac: MAC })))).toBe('does not netboot');
});
