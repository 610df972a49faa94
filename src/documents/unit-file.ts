/** Something in a unit file; `fatal` when its reader gives up on the whole file. */
export interface UnitFileProblem {
  readonly message: string;
  readonly fatal: boolean;
}

/**
 * What is wrong with a unit file (systemd.syntax(7)): everything stands in a `[Section]`, and every line is `Key=value`,
 * a comment, or goes on after a backslash. Lines before any section are skipped by systemd and by Ignition. A comment
 * inside of a long line is skipped by systemd, but to Ignition (go-systemd) it is a part of that line, and ends it.
 */
export function unitFileProblem(text: string, reader: 'systemd' | 'ignition'): UnitFileProblem | undefined {
  let section = false;
  let continued = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const comment = /^[#;]/.test(line);
    const inside: boolean = continued;
    if (inside && comment && reader === 'systemd') continue;
    continued = line.endsWith('\\') && (inside || !comment);
    if (inside || line === '' || comment) continue;
    if (/^\[[^[\]]+\]$/.test(line)) section = true;
    else if (!section) return { message: `line ${i + 1} of the unit stands before any [Section]`, fatal: false };
    else if (!/^[^=]+=/.test(line)) return { message: `line ${i + 1} of the unit is not Key=value`, fatal: true };
  }
  return undefined;
}
