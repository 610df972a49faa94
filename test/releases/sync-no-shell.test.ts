import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', '..', 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const text = (name: string): string => readFileSync(join(src, name), 'utf8');

// A version string or a file name of a publisher that reaches a shell is a command of the publisher's. Our own sync is
// started as a process, the doctor asks nft and iptables for their rules, the table of neighbours is ip's, and a machine's
// power is switched by ipmitool or a program that the operator allowed: arguments as a list and no shell.
it('programs are started in four places, our own code is compiled by the launcher, and nothing goes through a shell', () => {
  // V8 gives its garbage collector to a new context only: the one word that the journal runs in one.
  const code = (name: string): string =>
    name === 'journal/sqlite.ts' ? text(name).replace(/^.*node:vm.*$|runInNewContext\('gc'\)/gm, '') : text(name);
  const starters = files.filter((name) => /child_process|node:vm|runIn|\beval\(|new Function\(/.test(code(name)));
  expect(starters.toSorted()).toEqual([
    'doctor/probes.ts',
    'launch.ts',
    'net/neighbours.ts',
    'power/program.ts',
    'releases/sync-child.ts',
  ]);
  const shell = /import \{[^}]*\bexec(?:Sync)?\b[^}]*\} from 'node:child_process'|shell: (?!false)|\/bin\/(?:ba)?sh/;
  for (const starter of starters) expect(text(starter)).not.toMatch(shell);
});
