import { FOLLOWED, SETTING_FAMILIES, SETTING_ROWS } from '../src/settings/table.ts';

/** docs/settings.md as text. */
export function settingsPage(): string {
  const rows = SETTING_ROWS.map((row) => {
    const env = `\`${row.env}\`${row.oldEnv === undefined ? '' : ` (\`${row.oldEnv}\`)`}`;
    return `| ${env} | \`--${row.flag}\` | ${row.fallback} | ${row.help} |\n`;
  });
  const families = SETTING_FAMILIES.map((family) => {
    const env = `\`PILOTLIGHT_${family.name.toUpperCase()}_<SYSTEM>\``;
    return `| ${env} | \`--${family.name}-SYSTEM ${family.value}\` | ${family.fallback} | ${family.help} |\n`;
  });
  return (
    '# Settings\n\n' +
    'Each setting is an environment variable, a flag of every command, and a line of `.env` in the data directory. A flag wins\n' +
    "over the environment, the environment over `.env`; coreos-ipxe-server's names (in brackets) still work, and the new name\n" +
    'wins over the old one. A mistake stops the start and names every setting that is wrong. `pilotlight settings` prints this list.\n\n' +
    '`.env` holds one `NAME=value` a line, with or without quotes around the value; `export` before it, empty lines and lines\n' +
    'that begin with `#` are passed over, and so is ` #` and what follows a value. No value spans lines. A line that cannot be\n' +
    'read stops the start with its number; a name that is nearly one of ours is a warning in the log, in `check` and on Health.\n\n' +
    '| variable | flag | default | what it is |\n|---|---|---|---|\n' +
    [...rows, ...families].join('') +
    `\n\`SYSTEM\` is one of ${FOLLOWED.map((system) => `\`${system}\``).join(', ')}; in a variable in capital letters and with\n` +
    'underscores: `PILOTLIGHT_MIRROR_FEDORA_COREOS`. [releases.md](releases.md) tells what mirrors and keys are.\n'
  );
}
