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
    'wins over the old one. A mistake stops the start and names every setting that is wrong.\n\n' +
    '| variable | flag | default | what it is |\n|---|---|---|---|\n' +
    [...rows, ...families].join('') +
    `\n\`SYSTEM\` is one of ${FOLLOWED.map((system) => `\`${system}\``).join(', ')}; in a variable in capital letters and with\n` +
    'underscores: `PILOTLIGHT_MIRROR_FEDORA_COREOS`. [releases.md](releases.md) tells what mirrors and keys are.\n'
  );
}
