import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');

it('docs/architecture.md has a row for each room, and for nothing else', () => {
  const page = readFileSync(join(top, 'docs/architecture.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1]);
  const rooms = readdirSync(join(top, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rows.toSorted()).toEqual(rooms.map((room) => room.name).toSorted());
});
