import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(top, path), 'utf8');

it('README quotes ratios, and only those of the table of docs/performance.md', () => {
  const paragraph = /^- \*\*Fast\*\*:(.*?)\n(?:- |\n)/ms.exec(read('README.md'))?.[1] ?? '';
  const quoted = paragraph.match(/\d+\.\d+/g) ?? [];
  const table =
    read('docs/performance.md')
      .match(/^\|.*\|$/gm)
      ?.join('\n') ?? '';
  expect(quoted.length).toBeGreaterThan(0);
  expect(quoted.filter((ratio) => !table.includes(ratio))).toEqual([]);
  // No rate: it would be of one machine.
  expect(paragraph).not.toMatch(/\d\s*(?:[KMG]i?B|ms|us|\/s)\b/);
});
