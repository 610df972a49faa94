/**
 * What keeps systemd from reading a unit file (systemd.syntax(7)): everything stands in a `[Section]`, and every line is
 * `Key=value`, a comment, or goes on after a backslash. Undefined when nothing does.
 */
export function unitFileProblem(text: string): string | undefined {
  let section = false;
  let continued = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const goesOn = continued;
    continued = line.endsWith('\\') && !/^[#;]/.test(line);
    if (goesOn || line === '' || /^[#;]/.test(line)) continue;
    if (/^\[[^[\]]+\]$/.test(line)) section = true;
    else if (!section) return `line ${i + 1} of the unit stands before any [Section]`;
    else if (!/^[^=]+=/.test(line)) return `line ${i + 1} of the unit is not Key=value`;
  }
  return undefined;
}
