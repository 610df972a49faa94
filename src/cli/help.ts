import { SETTING_FAMILIES } from '../settings/families.ts';
import { SETTING_ROWS } from '../settings/table.ts';
import type { Command } from './command.ts';

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

export function generalHelp(commands: readonly Command[]): string {
  return (
    'pilotlight: boots machines over the network from one folder of text files\n\n' +
    'usage: pilotlight COMMAND [options]\n\n' +
    columns(commands.map((command) => [command.name, command.summary])) +
    '\n`pilotlight COMMAND --help` tells more. `pilotlight --version` prints the version.\n' +
    'exit status: 0 done, 1 the work failed, 2 called wrongly, 75 another sync is running\n'
  );
}

export function commandHelp(command: Command): string {
  const usage = ['usage: pilotlight', command.name, command.usage, '[options]'].filter((part) => part !== '').join(' ');
  const own = command.flags.map((row) => {
    const flag = row.short === undefined ? `--${row.flag}` : `-${row.short}, --${row.flag}`;
    return [row.value === undefined ? flag : `${flag} ${row.value}`, row.help] as const;
  });
  const settings = SETTING_ROWS.map(
    (row) => [`--${row.flag}`, `${row.help} (${row.env}; default: ${row.fallback})`] as const,
  );
  const families = SETTING_FAMILIES.map(
    ({ name, value, help, fallback }) =>
      [
        `--${name}-SYSTEM ${value}`,
        `${help} (PILOTLIGHT_${name.toUpperCase()}_<SYSTEM>; default: ${fallback})`,
      ] as const,
  );
  return (
    `${command.summary}\n\n${usage}\n\n` +
    (command.details === '' ? '' : `${command.details}\n\n`) +
    (own.length === 0 ? '' : `options:\n${columns(own)}\n`) +
    `settings, each also an environment variable or a line in .env of the data directory:\n${columns([...settings, ...families])}`
  );
}
