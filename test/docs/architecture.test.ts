import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');
const page = readFileSync(join(top, 'docs/architecture.md'), 'utf8');

interface Rule {
  readonly name: string;
  readonly to: { readonly pathNot?: string };
}

const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: readonly Rule[] };

it('has a row for each room, and for nothing else', () => {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1]);
  const rooms = readdirSync(join(top, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rows.toSorted()).toEqual(rooms.map((room) => room.name).toSorted());
});

it('says what each room may import as the gate enforces it', () => {
  for (const [, room = '', may = ''] of page.matchAll(/^\| `([a-z]+)` \| [^|]+ \| ([^|]+) \|$/gm)) {
    const rule = forbidden.find(({ name }) => name === `room-${room}`);
    const allowed = /\(([^)]*)\)/.exec(rule?.to.pathNot ?? '')?.[1]?.split('|') ?? [];
    const named = may.trim() === 'nothing' ? [] : may.split(',').map((one) => one.trim());
    expect([room, ...named].toSorted(), room).toEqual(allowed.toSorted());
  }
});

it('names files that exist, and functions that are in them', () => {
  const walks = page.slice(page.indexOf('## Three walks'));
  const found = [...walks.matchAll(/`((?:src\/)?[a-z]+\/[a-z/-]+\.(?:ts|json))`(?: `(\w+)`)?/g)];
  expect(found.length).toBeGreaterThan(20);
  for (const [, path = '', name] of found) {
    const file = join(top, path.startsWith('src/') ? path : `src/${path}`);
    expect(existsSync(file), path).toBe(true);
    if (name !== undefined)
      expect(readFileSync(file, 'utf8'), `${name} in ${path}`).toMatch(
        new RegExp(`^export (?:async )?(?:function|const|class|interface|type) ${name}\\b`, 'm'),
      );
  }
});
