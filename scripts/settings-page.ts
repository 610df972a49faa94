import { SETTING_ROWS } from '../src/settings/table.ts';

/** docs/settings.md as text. */
export function settingsPage(): string {
  const rows = SETTING_ROWS.map((row) => {
    const env = `\`${row.env}\`${row.oldEnv === undefined ? '' : ` (\`${row.oldEnv}\`)`}`;
    return `| ${env} | \`--${row.flag}\` | ${row.fallback} | ${row.help} |\n`;
  });
  return (
    '# Settings\n\n' +
    'Each setting is an environment variable, a flag of every command, and a line of `.env` in the data directory. A flag wins\n' +
    "over the environment, the environment over `.env`; coreos-ipxe-server's names (in brackets) still work, and the new name\n" +
    'wins over the old one. A mistake stops the start and names every setting that is wrong.\n\n' +
    '| variable | flag | default | what it is |\n|---|---|---|---|\n' +
    rows.join('')
  );
}
