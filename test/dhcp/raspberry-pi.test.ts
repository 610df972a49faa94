import { describe, expect, it } from 'vitest';
import type { BootOffer } from '../../src/boot/boot-programs.ts';
import { netbootMachine, RASPBERRY_PI, raspberryPiOf } from '../../src/dhcp/machine.ts';
import { proxyReply } from '../../src/dhcp/proxy-reply.ts';
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
    expect(options.get(43)?.toString('hex')).toBe('0601030a0400505845091400001152617370626572727920506920426f6f74ff');
    expect(options.get(97)?.toString('hex')).toContain(Buffer.from(name).toString('hex'));
  });

  it('that no node is hears nothing, for that reason', () => {
    const reply = answer(discover(says(name), { mac: MAC }), () => ({ silence: 'no node' }));
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
