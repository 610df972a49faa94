/** A word for a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * `/bin/sh -c` with a command, as a unit file writes it (systemd.service(5), "Command lines"): inside of the double
 * quotes `\` and `"` are escaped, `%` begins a specifier and `$` a variable, both are doubled to mean themselves.
 */
export function unitCommand(command: string): string {
  const text = command
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
  return `/bin/sh -c "${text}"`;
}
