import { describe, expect, it } from 'vitest';
import { isUuidText, parseUuid } from '../../src/model/machine.ts';

describe('parseUuid', () => {
  it('reads any case into lower case', () => {
    expect(parseUuid('C6C30F6A-4A1B-4337-8325-C4C2543AD437')).toBe('c6c30f6a-4a1b-4337-8325-c4c2543ad437');
  });
  it.each(['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff'])(
    '%s identifies nobody',
    (text) => {
      expect(isUuidText(text)).toBe(true);
      expect(parseUuid(text)).toBeUndefined();
    },
  );
  it.each([
    '',
    'c6c30f6a4a1b43378325c4c2543ad437',
    'c6c30f6a-4a1b-4337-8325-c4c2543ad43',
    'c6c30f6a-4a1b-4337-8325-c4c2543ad437\n',
  ])('refuses %j', (text) => {
    expect(isUuidText(text)).toBe(false);
    expect(parseUuid(text)).toBeUndefined();
  });
});
