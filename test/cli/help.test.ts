import { expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { commandHelp, generalHelp } from '../../src/cli/help.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';

const bark: Command = {
  name: 'bark',
  usage: 'AT',
  summary: 'make a noise',
  details: 'Loud.',
  flags: [
    { flag: 'times', type: 'string', value: 'N', help: 'how often' },
    { flag: 'twice', type: 'boolean', help: 'again' },
  ],
  words: { min: 0, max: 1 },
  run: () => Promise.reject(new TypeError('nobody runs it')),
};

it('lists the commands and the exit statuses', () => {
  const text = generalHelp([bark, { ...bark, name: 'b' }]);
  expect(text).toContain('\n  bark  make a noise\n  b     make a noise\n');
  expect(text).toContain('exit status: 0 done, 1 the work failed, 2 called wrongly');
});

it('tells a command’s own flags, and every setting with its variable and default', () => {
  const text = commandHelp(bark);
  expect(text).toMatch(
    /^make a noise\n\nusage: pilotlight bark AT \[options\]\n\nLoud\.\n\noptions:\n {2}--times N {2}how often\n {2}--twice {4}again\n/,
  );
  for (const row of SETTING_ROWS) expect(text).toMatch(new RegExp(`--${row.flag} .*\\(${row.env}; default: `));
  expect(text).toContain('PILOTLIGHT_MIRROR_<SYSTEM>');
});

it('tells the letter that means the same as a flag', () => {
  const flags = [{ flag: 'output', short: 'o', type: 'string', value: 'FILE', help: 'where to' }] as const;
  expect(commandHelp({ ...bark, flags })).toContain('\n  -o, --output FILE  where to\n');
});

it('has no heading for flags that are not there', () => {
  expect(commandHelp({ ...bark, flags: [], details: '' })).not.toMatch(/^options:$/m);
});
