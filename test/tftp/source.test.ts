import { describe, expect, it } from 'vitest';
import { TFTP_ERROR } from '../../src/tftp/source.ts';
import { parsePacket } from '../../src/tftp/packet.ts';

describe('TFTP_ERROR', () => {
  it('holds short packets of printable text that name nothing of the host', () => {
    for (const bytes of Object.values(TFTP_ERROR)) {
      const packet = parsePacket(bytes);
      expect(packet.kind).toBe('error');
      expect(packet.kind === 'error' && packet.text).toMatch(/^[A-Za-z ,-]+$/);
      expect(bytes.length).toBeLessThan(64);
    }
  });
});
