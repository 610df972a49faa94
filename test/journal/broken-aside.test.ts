import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { moveAside } from '../../src/journal/broken-aside.ts';
import { databaseFile, T } from './stand.ts';

function broken(): string {
  const file = databaseFile();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'broken');
  return file;
}

test('a damaged database and what belongs to it keep their content under another name', () => {
  const file = broken();
  writeFileSync(`${file}-wal`, 'log');
  const name = 'pilotlight.db.broken-20270115T080000Z';
  expect(moveAside(file, T)).toEqual({ name, removed: [] });
  expect(readdirSync(dirname(file)).sort()).toEqual([name, `${name}-wal`]);
  expect(readFileSync(`${dirname(file)}/${name}`, 'utf8')).toBe('broken');
});

test('the last two stay, and those that go are named', () => {
  const file = broken();
  const names: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    writeFileSync(file, String(n));
    writeFileSync(`${file}-shm`, String(n));
    const { name, removed } = moveAside(file, T + n * 1000);
    names.push(name);
    expect(removed).toEqual(n < 2 ? [] : [names[n - 2]]);
  }
  expect(readdirSync(dirname(file)).sort()).toEqual(names.slice(2).flatMap((name) => [name, `${name}-shm`]));
});

test('two in one second are two', () => {
  const file = broken();
  const first = moveAside(file, T);
  writeFileSync(file, 'again');
  expect(moveAside(file, T).name).toBe(`${first.name}-2`);
  expect(existsSync(file)).toBe(false);
});
