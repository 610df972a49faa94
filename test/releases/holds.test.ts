import { describe, expect, it } from 'vitest';
import { parseVersion, type Version } from '../../src/model/version.ts';
import { holdOf, holdText, parseState, stillHeld } from '../../src/releases/holds.ts';

const v = (text: string): Version => parseVersion(text) ?? expect.fail(text);
const next = { version: '1.2.3', until: 'next', above: '9.9.9' } as const;
const pin = { version: '1.2.3', until: 'unpinned' } as const;

describe('holds', () => {
  it('ends with the next release, compared as numbers', () => {
    expect(stillHeld(next, v('9.9.9'))).toBe(true);
    expect(stillHeld(next, v('9.9.8'))).toBe(true);
    expect(stillHeld(next, v('10.0.0'))).toBe(false);
    expect(stillHeld({ version: '1', until: 'next' }, v('0'))).toBe(false);
    expect(stillHeld(pin, v('10.0.0'))).toBe(true);
  });

  it('is for the version that the profile names, and for no name of Object', () => {
    expect(holdOf({ a: next }, 'a', '1.2.3')).toBe(next);
    expect(holdOf({ a: next }, 'a', '1.2.4')).toBeUndefined();
    expect(holdOf({}, 'constructor', '1')).toBeUndefined();
  });

  it('is told to people', () => {
    expect(holdText(next)).toBe('rolled back to 1.2.3: held until something newer than 9.9.9 is published');
    expect(holdText(pin)).toContain('pinned to 1.2.3');
  });
});

describe('parseState', () => {
  it('reads what we write', () => {
    const state = { holds: { a: next, b: pin }, accepted: { 'flatcar/stable/amd64': '1.2.3' } };
    expect(parseState(JSON.stringify(state))).toEqual(state);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"holds":{}}',
    '{"holds":[],"accepted":{}}',
    '{"holds":{"a":1},"accepted":{}}',
    '{"holds":{"a":{"version":"1","until":"x"}},"accepted":{}}',
    '{"holds":{"a":{"version":"1","until":"next","above":1}},"accepted":{}}',
    '{"holds":{},"accepted":{"a":1}}',
  ])('refuses %j', (text) => {
    expect(parseState(text)).toBeUndefined();
  });
});
