import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { MarkWriter } from '../../src/machines/mark-writer.ts';
import { makeFolder } from '../support/folder.ts';
import { recordLog } from '../support/http-server.ts';

async function open(retryMs?: number) {
  const dir = makeFolder();
  const log = recordLog();
  const writer = new MarkWriter(await openDataRoot(dir), log, retryMs);
  const file = join(dir, 'state/machines/a.json');
  return { dir, log, writer, file, state: join(dir, 'state') };
}

it('makes the folder, replaces and removes, in the order in which it was asked', async () => {
  const { writer, file, log } = await open();
  await writer.put('a.json', 'one');
  expect(readFileSync(file, 'utf8')).toBe('one');
  await Promise.all([writer.put('a.json', 'two'), writer.put('b.json', 'x'), writer.put('a.json', 'three')]);
  expect(readFileSync(file, 'utf8')).toBe('three');
  expect(readdirSync(join(file, '..'))).toEqual(['a.json', 'b.json']);
  await writer.put('a.json', undefined);
  await writer.put('never.json', undefined);
  expect(existsSync(file)).toBe(false);
  expect(log.lines).toEqual([]);
});

it('says that it could not write, once in the log, and knows when it can again', async () => {
  const { writer, log, state } = await open();
  writeFileSync(state, 'not a folder');
  for (const name of ['a.json', 'b.json', 'a.json']) {
    await expect(writer.put(name, 'x')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`state/machines/${name}`) as string,
    });
  }
  expect(log.of('error').map(({ fields }) => fields['file'])).toEqual(['state/machines/a.json']);
  expect(writer.trouble).toContain('state/machines cannot be written');
  await writer.probe();
  expect(writer.trouble).toBeDefined();
  rmSync(state);
  await writer.probe();
  expect(writer.trouble).toBeUndefined();
  expect(readdirSync(join(state, 'machines')), 'no trace').toEqual([]);
  expect(log.of('info')).toHaveLength(1);
});

it('keeps trying what is to be kept, the newest of each, and nothing else', async () => {
  const { writer, file, state } = await open(5);
  writeFileSync(state, 'not a folder');
  await expect(writer.put('a.json', 'one', { text: 'one' })).rejects.toThrow();
  await expect(writer.put('a.json', 'three', { text: 'three' })).rejects.toThrow();
  await expect(writer.put('b.json', 'two', { text: 'two' })).rejects.toThrow();
  await expect(writer.put('b.json', 'newer')).rejects.toThrow();
  rmSync(state);
  await vi.waitFor(() => {
    expect(readFileSync(file, 'utf8')).toBe('three');
  });
  expect(existsSync(join(file, '../b.json')), 'given up').toBe(false);
});

it('finds out by itself that it can write again, with nothing to write', async () => {
  const { writer, state } = await open(5);
  writeFileSync(state, 'not a folder');
  await expect(writer.put('a.json', 'one')).rejects.toThrow();
  rmSync(state);
  await vi.waitFor(() => {
    expect(writer.trouble).toBeUndefined();
  });
});

it('tries once more when the server stops, and then no more', async () => {
  const { writer, file, log, state } = await open();
  writeFileSync(state, 'not a folder');
  await expect(writer.put('a.json', 'one', { text: 'one' })).rejects.toThrow();
  rmSync(state);
  mkdirSync(state);
  await writer.close();
  expect(readFileSync(file, 'utf8')).toBe('one');
  expect(log.of('info')).toHaveLength(1);
});

it('has one clock for all that waits, and none after the server has stopped', async () => {
  // By which its own are told from those of other tests of this thread.
  const RETRY_MS = 61_234;
  const [set, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
  onTestFinished(() => {
    set.mockRestore();
    cleared.mockRestore();
  });
  const clocks = (): readonly unknown[] =>
    set.mock.calls.flatMap(([, ms], at) => (ms === RETRY_MS ? [set.mock.results[at]?.value as unknown] : []));
  const { writer, state, log } = await open(RETRY_MS);
  writeFileSync(state, 'not a folder');
  for (const name of ['a.json', 'b.json']) await expect(writer.put(name, 'x', { text: 'x' })).rejects.toThrow();
  expect(clocks()).toHaveLength(1);
  await writer.close();
  expect(cleared.mock.calls.map(([clock]) => clock as unknown)).toContain(clocks()[0]);
  await expect(writer.put('a.json', 'x')).rejects.toThrow();
  expect(clocks()).toHaveLength(1);
  expect(log.of('error'), 'once for a time of trouble').toHaveLength(1);
  expect(log.of('error')[0]?.fields['remedy']).toContain('until then no machine is installed');
});

it('says it again when trouble comes again', async () => {
  const { writer, state, log } = await open();
  for (let time = 1; time <= 2; time += 1) {
    writeFileSync(state, 'not a folder');
    await expect(writer.put('a.json', 'x')).rejects.toThrow();
    rmSync(state);
    await writer.put('a.json', 'x');
    expect([log.of('error').length, log.of('info').length, writer.trouble]).toEqual([time, time, undefined]);
    rmSync(state, { recursive: true });
  }
});
