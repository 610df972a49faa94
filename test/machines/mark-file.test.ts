import { describe, expect, it } from 'vitest';
import { machineOfFile, markFileName, markText, parseMark } from '../../src/machines/mark-file.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { byMac, MAC, NOON, TARGET, UUID } from './marks.ts';

const FILE = '52-54-00-55-1c-ee.json';
const MARK: InstallMark = {
  key: MAC,
  machine: byMac(MAC, UUID).machine,
  ...TARGET,
  state: 'installing',
  since: NOON,
  begun: NOON + 1500,
  tries: 2,
};

describe('the name of a file', () => {
  it.each([
    [MAC, FILE],
    [`uuid:${UUID}`, `uuid-${UUID}.json`],
  ])('%s is %s, and back', (key, name) => {
    expect(markFileName(key)).toBe(name);
    expect(machineOfFile(name).key).toBe(key);
  });

  it('of a serial number is one safe word, whatever the number is', () => {
    const serials = ['PF0 X1', 'PF0_X1', '../../etc/passwd', '/', '.', 'x'.repeat(128), 'a:b', 'a-b'];
    const names = serials.map((serial) => markFileName(`serial:${serial}`));
    for (const name of names) expect(name).toMatch(/^serial-[A-Za-z0-9._-]{0,40}-[0-9a-f]{24}\.json$/);
    expect(new Set(names).size).toBe(serials.length);
    expect(markFileName('serial:PF0 / X-1_a.b')).toMatch(/^serial-PF0_X-1_a\.b-/);
    expect(machineOfFile(`${UUID}.json`), 'without its prefix').toEqual({ key: UUID, machine: {} });
    expect(machineOfFile(names[0] ?? '')).toEqual({ key: (names[0] ?? '').replace('.json', ''), machine: {} });
  });
});

it('a text holds all of a mark', () => {
  expect(parseMark(markText(MARK), FILE)).toEqual(MARK);
  const { begun, ...without } = { ...MARK, machine: {}, state: 'installed' as const };
  expect(parseMark(markText(without), FILE)).toEqual(without);
  expect(begun).toBe(NOON + 1500);
  const [card] = [byMac('52:54:00:00:00:02').machine.mac].filter((mac) => mac !== undefined);
  const claim = { address: '10.0.0.7', at: NOON, file: 'c/initrd', mac: card };
  const full: InstallMark = { ...MARK, state: 'claimed', claim, macs: card === undefined ? [] : [card] };
  expect(parseMark(markText(full), FILE)).toEqual(full);
});

it('a text holds what its tokens and its refused report are, in a format that an older version does not take', () => {
  const format = (mark: InstallMark) => (JSON.parse(markText(mark)) as { format: number }).format;
  const told: InstallMark = { ...MARK, tokens: NOON + 1, refused: { at: NOON + 2, address: '10.0.0.9' } };
  expect(parseMark(markText(told), FILE)).toEqual(told);
  expect([format(told), format({ ...MARK, tokens: NOON }), format(MARK)]).toEqual([3, 2, 2]);
  expect(JSON.parse(markText({ ...MARK, macs: [] }))).not.toHaveProperty('macs');
});

it('a file from before claims is still read', () => {
  const old = { ...(JSON.parse(markText(MARK)) as Record<string, unknown>), format: undefined };
  expect(parseMark(JSON.stringify(old), FILE)).toEqual(MARK);
});

it('what a newer version writes beside it is no mistake', () => {
  const text = JSON.stringify({ ...(JSON.parse(markText(MARK)) as object), more: 1 });
  expect(parseMark(text, FILE)).toEqual(MARK);
});

describe('a text is refused', () => {
  it.each([
    ['', 'JSON'],
    ['[]', 'JSON'],
    ['"x"', 'JSON'],
    [{ key: '52:54:00:00:00:01' }, 'key'],
    [{ key: 7 }, 'key'],
    [{ state: 'done' }, 'state'],
    [{ since: NOON }, 'since'],
    [{ since: 'yesterday' }, 'since'],
    [{ since: '2026-99-99T00:00:00Z' }, 'since'],
    [{ begun: null }, 'begun'],
    [{ since: '2026-11-21' }, 'since'],
    [{ since: 'on 2026-11-21T12:00:00Z' }, 'since'],
    [{ begun: 'soon' }, 'begun'],
    [{ tokens: 'soon' }, 'tokens'],
    [{ refused: {} }, 'refused'],
    [{ refused: { at: '2026-11-21T12:00:00.000Z' } }, 'refused'],
    [{ refused: { at: 'x', address: '10.0.0.7' } }, 'refused'],
    [{ tries: 2 ** 53 }, 'tries'],
    [{ tries: -1 }, 'tries'],
    [{ tries: 1.5 }, 'tries'],
    [{ tries: '1' }, 'tries'],
    [{ profile: undefined }, 'profile'],
    [{ disk: null }, 'disk'],
    [{ format: 5 }, 'newer'],
    [{ tokens: 'x' }, 'tokens'],
    [{ refused: { at: 'x' } }, 'refused'],
    [{ format: 'x' }, 'format'],
    [{ macs: 'x' }, 'macs'],
    [{ macs: ['x'] }, 'macs'],
    [{ macs: [MAC, 7] }, 'macs'],
    [{ claim: 'x' }, 'claim'],
    [{ claim: { at: '2026-11-21T12:00:00.000Z' } }, 'claim'],
    [{ claim: { at: 'x', address: '10.0.0.7' } }, 'claim'],
    [{ machine: [] }, 'machine'],
    [{ machine: { serial: 7 } }, 'machine'],
    [{ claim: {} }, 'claim'],
    [{ claim: { at: '2026-11-21T12:00:00.000Z', address: '10.0.0.7', mac: 'x' } }, 'claim'],
    [{ claim: { at: '2026-11-21T12:00:00.000Z', address: '10.0.0.7', file: 7 } }, 'claim'],
    [{ state: 'claimed' }, 'claim'],
    [{ machine: undefined }, 'machine'],
    [{ machine: { mac: 'x' } }, 'machine'],
    [{ machine: { uuid: 7 } }, 'machine'],
    [{ machine: { serial: '' } }, 'machine'],
  ])('%j: for its %s', (change, named) => {
    const text =
      typeof change === 'string' ? change : JSON.stringify({ ...(JSON.parse(markText(MARK)) as object), ...change });
    expect(parseMark(text, FILE)).toContain(named);
  });
});
