import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkData } from '../../src/doctor/check.ts';
import { EXPORTS, NODE_EXPORTS } from '../../src/exports/export-options.ts';
import { exportCommand } from '../../src/cli/commands/export.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { runCli } from '../support/run-cli.ts';

const PAGE = readFileSync(new URL('../../docs/exports.md', import.meta.url), 'utf8');

/** The fenced blocks that are files of a data directory. */
const FILES = Object.fromEntries(
  [...PAGE.matchAll(/^```\w+ ((?:profiles|configs)\/\S+)\n([\s\S]*?)^```$/gm)].map((match) => [
    match[1] ?? '',
    match[2] ?? '',
  ]),
);

interface Example {
  readonly words: readonly string[];
  /** What the page shows of it; the file where it goes, as far as it is known. */
  readonly shown: string;
}

/** Each command with the block that follows it, before the next command or heading. */
const EXAMPLES: readonly Example[] = PAGE.split(/^(?= {4}pilotlight export |#)/m)
  .filter((part) => part.startsWith('    pilotlight export '))
  .map((part) => {
    const [command = ''] = part.trimStart().split('\n');
    const words = (command.split(' > ')[0] ?? '').split(' ').slice(1);
    return { words, shown: /^```[^\n]*\n([\s\S]*?)^```$/m.exec(part)?.[1] ?? '' };
  });

function folder(): string {
  const dir = makeFolder();
  addFiles(dir, FILES);
  return dir;
}

/** With its -o in this folder, and what was written there beside what was printed. */
async function run({ words }: Example, dir: string): Promise<string> {
  const file = words.includes('-o') ? `${dir}/out` : undefined;
  const argv = words.map((word, i) => (words[i - 1] === '-o' ? (file ?? '') : word));
  const { code, stdout, stderr } = await runCli([...argv, '--data-dir', dir]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const printed = stdout.replaceAll(file ?? '\0', words.at(-1) ?? '');
  return file === undefined ? printed : printed + readFileSync(file, 'latin1');
}

describe('the page about exports', () => {
  it('has an example of every kind, and names no other', () => {
    const shown = new Set(EXAMPLES.map(({ words }) => words[1]));
    expect([...shown].toSorted()).toEqual([...EXPORTS].toSorted());
    const table = [...PAGE.matchAll(/^\| `([a-z-]+)( NODE)?(?: -o FILE\.iso)?` \|/gm)];
    expect(table.map((match) => match[1])).toEqual([...EXPORTS]);
    for (const [, kind, node] of table) {
      expect([kind, node !== undefined]).toEqual([kind, ([...NODE_EXPORTS] as unknown[]).includes(kind)]);
    }
  });

  it('names only options that there are, and all of them', () => {
    const named = new Set([...PAGE.matchAll(/`--([a-z\d-]+)/g)].map((match) => match[1]));
    const known = Object.keys(exportCommand.options).map((flags) => /--([a-z\d-]+)/.exec(flags)?.[1] ?? '');
    expect(known.filter((flag) => !named.has(flag))).toEqual([]);
    const used = EXAMPLES.flatMap(({ words }) => words.filter((word) => word.startsWith('--')));
    expect(used.filter((word) => !known.includes(word.slice(2)))).toEqual([]);
  });

  it.each(EXAMPLES)('$words prints what it shows', async (example) => {
    const lines = (await run(example, folder())).split('\n');
    let from = 0;
    for (const line of example.shown.split('\n').filter((text) => text !== '')) {
      const [start = '', more] = line.split('...');
      const at = lines.findIndex(
        (text, i) => i >= from && (more === undefined ? text === start : text.startsWith(start)),
      );
      expect(at, `${line}\nis not in this order in\n${lines.join('\n')}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });

  it('shows templates that pass the check', async () => {
    const dir = folder();
    addFiles(dir, {
      'profiles/server.json': {
        system: 'ubuntu',
        version: '24.04',
        nocloud: 'server.user-data',
        ssh_host_keys: true,
        secrets: true,
        nodes: [{ name: 's', mac: '525400000099' }],
      },
    });
    const { problems, rendered } = await checkData(settingsFor(dir));
    expect(problems.filter(({ message }) => !message.startsWith('images/'))).toEqual([]);
    expect(rendered).toBe(3);
  });
});
