import { describe, expect, it } from 'vitest';
import { Placement } from '../../src/dhcp/placement.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import type { DhcpFields } from '../../src/dhcp/packet.ts';
import { discover, optionsOf, parsed, question } from '../support/dhcp-packets.ts';

const OVMF = optionsOf('OVMF 2022.11, PXEv4');
const dotted = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
const at = (interfaceName: string, address: string, netmask = '255.255.255.0'): LocalAddress => ({
  ...{ interfaceName, address, netmask, family: 4, internal: false },
});
const OURS = [at('eth0', '10.0.1.1'), at('eth1', '10.0.2.1'), at('br0', '10.0.3.1', '255.255.254.0')];
const EVERYWHERE = OURS.map(({ address }) => address);
const asks = (fields: Partial<DhcpFields> = {}): Buffer => discover(OVMF, fields);
const requests = (more: DhcpFields['options'], fields: Partial<DhcpFields> = {}): Buffer =>
  question(3, [...OVMF, ...more], fields);

function matched(bytes: Buffer, { from = '0.0.0.0', ours = OURS, placement = new Placement(), now = 0 } = {}) {
  return placement.addressesFor(parsed(bytes), from, ours, now);
}

describe('where a machine is', () => {
  it.each([
    ['the server that it names', requests([[54, dotted('10.0.2.1')]]), '0.0.0.0', '10.0.2.1'],
    ['the address that it sends from', asks(), '10.0.2.77', '10.0.2.1'],
    ['the address that it has', asks({ ciaddr: '10.0.2.77' }), '0.0.0.0', '10.0.2.1'],
    ['the address that it requests', requests([[50, dotted('10.0.2.77')]]), '0.0.0.0', '10.0.2.1'],
    ['a network larger than the third byte', asks(), '10.0.2.255', '10.0.2.1'],
  ])('is told by %s', (_, bytes, from, expected) => {
    expect(matched(bytes, { from })).toEqual([expected]);
  });

  it('is told by a mask that is no whole byte', () => {
    expect(
      matched(asks(), {
        from: '10.0.2.200',
        ours: [at('a', '10.0.2.1', '255.255.255.128'), at('b', '10.0.2.129', '255.255.255.128')],
      }),
    ).toEqual(['10.0.2.129']);
  });

  it.each([
    ['a DISCOVER', asks()],
    ['an address from elsewhere', asks({ ciaddr: '192.168.9.9' })],
    ['a wish for an address that it had in another network', discover([...OVMF, [50, dotted('10.0.2.77')]])],
    ['another server', requests([[54, dotted('10.0.9.1')]])],
    ['a broken wish', requests([[50, Buffer.from([10, 0, 2])]])],
  ])('is not told by %s: each interface answers', (_, bytes) => {
    expect(matched(bytes)).toEqual(EVERYWHERE);
  });

  it('is one of the interfaces: one address of each, rather not a link-local one', () => {
    const ours = [
      at('eth0', '169.254.7.7', '255.255.0.0'),
      at('eth0', '10.0.1.1'),
      at('eth0', '10.0.9.1'),
      at('eth1', '169.254.8.8', '255.255.0.0'),
      at('eth2', '10.8.0.1', '255.255.255.255'),
    ];
    expect(matched(asks(), { ours })).toEqual(['10.0.1.1', '169.254.8.8', '10.8.0.1']);
    expect(matched(asks(), { ours: [] })).toEqual([]);
  });

  it('is not told by an address whose network is not known', () => {
    const ours = [{ ...at('tun0', '10.0.9.1'), netmask: undefined }, ...OURS];
    expect(matched(asks(), { from: '10.0.9.1', ours })).toEqual(['10.0.9.1', ...EVERYWHERE]);
    expect(matched(asks(), { from: '10.0.2.77', ours })).toEqual(['10.0.2.1']);
  });

  it('takes no mask of nothing or of everything for a network', () => {
    const ours = [at('a', '10.0.1.1', '0.0.0.0'), at('b', '10.0.2.77', '255.255.255.255')];
    expect(matched(asks(), { ours, from: '10.0.2.77' })).toEqual(['10.0.1.1', '10.0.2.77']);
  });

  it('is remembered for one question: what is asked again without a sign in between is answered everywhere', () => {
    const placement = new Placement();
    matched(requests([[50, dotted('10.0.2.77')]]), { placement });
    expect(matched(asks(), { placement })).toEqual(['10.0.2.1']);
    expect(matched(asks(), { placement })).toEqual(EVERYWHERE);
    placement.heard('52:54:00:55:1c:ee', '10.0.3.1', 0);
    expect(matched(asks({ mac: '52:54:00:00:00:01' }), { placement })).toEqual(EVERYWHERE);
    expect(matched(asks(), { placement })).toEqual(['10.0.3.1']);
  });

  it('is forgotten after five minutes, and where the address is gone', () => {
    const placement = new Placement();
    placement.heard('52:54:00:55:1c:ee', '10.0.2.1', 0);
    expect(matched(asks(), { placement, now: 300_000 })).toEqual(EVERYWHERE);
    placement.heard('52:54:00:55:1c:ee', '10.0.9.1', 0);
    expect(matched(asks(), { placement })).toEqual(EVERYWHERE);
  });

  it('remembers 4,096 machines', () => {
    const placement = new Placement();
    const mac = (i: number): string =>
      `52:54:00:01:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;
    for (let i = 0; i <= 4096; i += 1) placement.heard(mac(i), '10.0.2.1', 0);
    expect(matched(asks({ mac: mac(0) }), { placement })).toEqual(EVERYWHERE);
    expect(matched(asks({ mac: mac(1) }), { placement })).toEqual(['10.0.2.1']);
  });
});
