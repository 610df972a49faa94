import { describe, expect, it } from 'vitest';
import { createEchoes } from '../../src/dhcp/echoes.ts';
import type { DhcpFields } from '../../src/dhcp/encode.ts';
import { optionsOf, parsed, question } from '../support/dhcp-packets.ts';

const packet = (fields: Partial<DhcpFields> = {}, type = 1) =>
  parsed(question(type, optionsOf('OVMF 2022.11, PXEv4'), fields));

describe('a broadcast that was heard already', () => {
  it('is the same packet a moment later', () => {
    const isEcho = createEchoes();
    expect([isEcho(packet(), 0), isEcho(packet(), 249), isEcho(packet(), 250)]).toEqual([false, true, false]);
  });

  it.each([
    ['another machine', packet({ mac: '52:54:00:00:00:01' })],
    ['another transaction', packet({ xid: 1 })],
    ['another message', packet({}, 3)],
    ['a retry, which counts the seconds', packet({ secs: 1 })],
    ['another relay', packet({ giaddr: '10.0.0.1' })],
  ])('is not %s', (_, other) => {
    const isEcho = createEchoes();
    isEcho(packet(), 0);
    expect(isEcho(other, 0)).toBe(false);
  });
});
