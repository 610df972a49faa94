/** For a machine whose installer left for another address, or another of its network cards. */
export function claimedLines({ claimant, at, command }: Record<'at' | 'claimant' | 'command', string>): string[] {
  return [
    `Its installer left for ${claimant}`,
    `at ${at} and has not begun. It waits, so that no two run.`,
    'If nothing is being installed there:',
    command,
  ];
}

/** For a machine that may be another one, which is installed or known. */
export function alikeLines({ likeness, command }: Record<'command' | 'likeness', string>): string[] {
  return [
    'This machine would be installed, but it looks like',
    likeness,
    'It waits. If it is another machine, and its disk may be wiped:',
    command,
  ];
}

/** For a machine of which it cannot be known, or written down, whether it is installed. */
export function unknownLifeLines({ why, command }: { readonly why: string; readonly command?: string }): string[] {
  return [
    'This machine would be installed, but the server cannot keep account of it:',
    why,
    'It waits until that is mended.',
    ...(command === undefined ? [] : ['Or, if its disk may be wiped:', command]),
  ];
}

/** For a machine that asks for a profile that installs by the profile's name alone. */
export function unnamedInstallLines(profileFile: string): string[] {
  return [
    `${profileFile} installs to a disk, and it was asked for by its name alone:`,
    'which machine asks is not known, so it would be installed at each of its boots.',
    'Boot it through /boot.ipxe, and name it in the "nodes" of the profile.',
  ];
}
