import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', '..', 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const text = (name: string): string => readFileSync(join(src, name), 'utf8');

// A version string or a file name of a publisher that reaches a shell is a command of the publisher's. Our own sync is
// started as a process, and the doctor asks nft and iptables for their rules: both with fixed words and no shell.
it('programs are started in two places, and never through a shell', () => {
  // V8 gives its garbage collector to a new context only: the one word that the journal runs in one.
  const code = (name: string): string =>
    name === 'journal/sqlite.ts' ? text(name).replace(/^.*node:vm.*$|runInNewContext\('gc'\)/gm, '') : text(name);
  const starters = files.filter((name) => /child_process|node:vm|runIn|\beval\(|new Function\(/.test(code(name)));
  expect(starters.toSorted()).toEqual(['doctor/probes.ts', 'releases/sync-child.ts']);
  for (const starter of starters) expect(text(starter)).not.toMatch(/\bexec(?:Sync)?\(|shell:|\/bin\/(?:ba)?sh/);
});
