import { envOf, FOLLOWED, SETTING_FAMILIES, SETTING_ROWS } from '../../settings/table.ts';
import { type Command, JSON_OPTION } from '../command.ts';
import { widthOf } from '../text.ts';

export const settingsCommand: Command = {
  name: 'settings',
  words: '',
  summary: 'every setting: its option, its variable and its default',
  details:
    'Each is an option of every command, an environment variable, and a line in .env of the data directory, as in\n' +
    'PILOTLIGHT_LOG_LEVEL=debug. An option wins over a variable, a variable over .env.',
  options: JSON_OPTION,
  anySettings: true,
  run({ print }, { stdout }) {
    const entries = settingEntries();
    const width = Math.max(40, widthOf(stdout) ?? 80);
    return Promise.resolve(print({ settings: entries }, entries.map((entry) => entryText(entry, width)).join('')));
  },
};

/** One setting, or one that each system has, as people see it. */
interface SettingEntry {
  /** `--data-dir <value>`. */
  readonly option: string;
  readonly variable: string;
  /** coreos-ipxe-server's name. */
  readonly oldVariable?: string;
  readonly default: string;
  readonly help: string;
}

export function settingEntries(): readonly SettingEntry[] {
  const rows = SETTING_ROWS.map(({ flag, env, oldEnv, fallback, help }) => ({
    option: `--${flag} <value>`,
    variable: env,
    ...(oldEnv === undefined ? {} : { oldVariable: oldEnv }),
    default: fallback,
    help,
  }));
  const families = SETTING_FAMILIES.map(({ name, value, help, fallback }) => ({
    option: `--${name}-SYSTEM <${value}>`,
    variable: `${envOf(name)}_<SYSTEM>`,
    default: fallback,
    help: `${help} (systems: ${FOLLOWED.join(', ')})`,
  }));
  return [...rows, ...families];
}

const INDENT = '      ';

function entryText({ option, variable, oldVariable, default: usual, help }: SettingEntry, width: number): string {
  const names = oldVariable === undefined ? variable : `${variable} (${oldVariable})`;
  return [option, ...wrapped(help, width), INDENT + names, ...wrapped(`default: ${usual}`, width)]
    .map((line) => `${line}\n`)
    .join('');
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(INDENT + word);
  }
  return lines;
}
