import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { parseVersion, type Version } from '../../src/model/profile.ts';
import { SILENT } from '../../src/model/service.ts';
import { type Hold, holdOf, holdText, parseState, readState, writeState } from '../../src/releases/sync-state.ts';
import { makeFolder } from '../support/folder.ts';
import { nameOf } from '../support/app-context.ts';

const v = (text: string): Version => parseVersion(text) ?? expect.fail(text);
const next = { version: '1.2.3', until: 'next', above: '9.9.9' } as const;
const pin = { version: '1.2.3', until: 'unpinned' } as const;

const seed = (version: string) => ({ name: nameOf('a'), version });

describe('holds', () => {
  it('ends with the next release, compared as numbers', () => {
    const held = (hold: Hold, offered: string): Hold | undefined => holdOf({ a: hold }, seed(hold.version), v(offered));
    expect(held(next, '9.9.9')).toBe(next);
    expect(held(next, '9.9.8')).toBe(next);
    expect(held(next, '10.0.0')).toBeUndefined();
    expect(held({ version: '1', until: 'next' }, '0')).toBeUndefined();
    expect(held(pin, '10.0.0')).toBe(pin);
  });

  it('is for the version that the profile names, and for no name of Object', () => {
    expect(holdOf({ a: next }, seed('1.2.3'))).toBe(next);
    expect(holdOf({ a: next }, seed('1.2.4'))).toBeUndefined();
    expect(holdOf({}, { name: nameOf('constructor'), version: '1' })).toBeUndefined();
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

const STATE = { holds: { a: { version: '1', until: 'unpinned' } }, accepted: {} } as const;

it('gives back what was written, and writes nothing twice', async () => {
  const dir = makeFolder();
  const root = await openDataRoot(dir);
  expect(await readState(root, SILENT)).toEqual({ holds: {}, accepted: {} });
  await writeState(root, STATE);
  const file = join(dir, 'state/sync.json');
  const before = statSync(file, { bigint: true }).ctimeNs;
  await writeState(root, STATE);
  expect(statSync(file, { bigint: true }).ctimeNs).toBe(before);
  expect(await readState(root, SILENT)).toEqual(STATE);
});

it('a broken file is loud, counts as empty, and is kept beside the next one', async () => {
  const dir = makeFolder({ 'state/sync.json': 'garbage' });
  const root = await openDataRoot(dir);
  const errors: string[] = [];
  const log = { ...SILENT, error: (_: unknown, message: string) => errors.push(message) };
  expect(await readState(root, log)).toEqual({ holds: {}, accepted: {} });
  expect(errors).toHaveLength(1);
  expect(readFileSync(join(dir, 'state/sync.json'), 'utf8')).toBe('garbage');
  await writeState(root, STATE);
  expect(readFileSync(join(dir, 'state/sync.json.broken'), 'utf8')).toBe('garbage');
});

it('what cannot be read at all is a failure, not an empty state', async () => {
  const dir = makeFolder({ 'state/sync.json/x': '' });
  const root = await openDataRoot(dir);
  await expect(readState(root, SILENT)).rejects.toMatchObject({ code: 'refused' });
  writeFileSync(join(dir, 'state/x'), '');
  await expect(writeState(root, STATE)).rejects.toMatchObject({ code: 'refused' });
});
