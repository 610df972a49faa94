import type { DiffLine, MachineView } from '../../model/views.ts';
import { machineHref, plural } from './format.ts';
import { machineTitle } from './machines-page.ts';
import type { Page } from './pages.ts';

/** What happens when the operator says yes: a page of its own, so that it works without scripts. */
interface Question {
  readonly title: string;
  readonly question: string;
  readonly points: readonly string[];
  readonly button: string;
}

/** `disk`: what the profile's `install` names; undefined when that is not known. */
export function reinstallPage(view: MachineView, disk: string | undefined): Page {
  const name = machineTitle(view.row);
  return confirmPage(view, 'reinstall', {
    title: `Reinstall ${name}`,
    question: `Run the installer on ${name} once more?`,
    points: [
      disk === undefined
        ? 'The disk that its profile or its installer names is erased, with everything on it.'
        : `The disk ${disk} is erased, with everything on it.`,
      'It happens at its next boot from the network; this page does not restart the machine.',
      'Then its own disk is in charge again.',
    ],
    button: disk === undefined ? 'Erase and reinstall' : `Erase ${disk} and reinstall`,
  });
}

export function releasePage(view: MachineView): Page {
  const name = machineTitle(view.row);
  const profile = view.row.profile === undefined ? 'its profile' : `profile ${view.row.profile}`;
  return confirmPage(view, 'release', {
    title: `Release ${name}`,
    question: `Take ${name} out of ${profile}?`,
    points: [
      'It is removed from the nodes of the profile; what you wrote there about it (address, vars) goes with it.',
      'At its next boot nobody knows it: it waits, or boots the default profile if there is one.',
      'What is on its disk stays as it is.',
    ],
    button: 'Release',
  });
}

export function cancelReinstallPage(view: MachineView): Page {
  const name = machineTitle(view.row);
  return confirmPage(view, 'cancel-reinstall', {
    title: `Keep the disk of ${name}`,
    question: `Do not install ${name} anew?`,
    points: ['Its own disk stays in charge, as it is.'],
    button: 'Do not erase it',
  });
}

export function releaseClaimPage(view: MachineView): Page {
  const name = machineTitle(view.row);
  return confirmPage(view, 'release-claim', {
    title: `Let go of the installer of ${name}`,
    question: `Let go of the installer that left for ${name}?`,
    points: [
      view.row.installation?.text ?? 'No installer has left for it.',
      'The next one that asks is installed. Say so only when nothing is being installed there.',
    ],
    button: 'Let it go',
  });
}

type Action = 'cancel-reinstall' | 'reinstall' | 'release' | 'release-claim';

function confirmPage(view: MachineView, action: Action, question: Question): Page {
  const back = machineHref(view.row.key);
  return {
    view: 'confirm',
    title: question.title,
    section: 'Machines',
    live: [],
    data: { ...question, action: `${back}/${action}`, back, machine: machineTitle(view.row), identity: view.row.key },
  };
}

/** The disk in the text of a profile: undefined when it names none or cannot be read. */
export function installDisk(text: string): string | undefined {
  try {
    const profile: unknown = JSON.parse(text);
    const install = own(profile, 'install');
    const disk = own(install, 'disk');
    return typeof disk === 'string' ? disk : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** A diff as pages show it: signs, words and colours. */
export interface TextDiff {
  readonly hunks: readonly { readonly skipped: string | undefined; readonly lines: readonly SignedLine[] }[];
  /** `2 lines added, 1 line removed`; `no difference`. */
  readonly summary: string;
  readonly same: boolean;
}

interface SignedLine {
  readonly sign: string;
  readonly text: string;
  readonly added: boolean;
  readonly removed: boolean;
}

export function textDiff(diff: readonly DiffLine[]): TextDiff {
  const count = (sign: DiffLine['sign']): number => diff.filter((line) => line.sign === sign).length;
  const parts = [
    ...(count('+') > 0 ? [`${plural(count('+'), 'line')} added`] : []),
    ...(count('-') > 0 ? [`${plural(count('-'), 'line')} removed`] : []),
  ];
  return {
    hunks: hunks(diff).map(hunk),
    summary: parts.length === 0 ? 'no difference' : parts.join(', '),
    same: parts.length === 0,
  };
}

/** A part of a diff: changes with a few lines around them, and how many equal lines were left out before it. */
interface Hunk {
  readonly skipped: number;
  readonly lines: readonly DiffLine[];
}

export function hunks(diff: readonly DiffLine[], around = 3): readonly Hunk[] {
  const near = new Set<number>();
  for (const [i, line] of diff.entries()) {
    if (line.sign === ' ') continue;
    for (let j = Math.max(0, i - around); j <= Math.min(diff.length - 1, i + around); j += 1) near.add(j);
  }
  const made: { skipped: number; lines: DiffLine[] }[] = [];
  let last = -1;
  for (const [i, line] of diff.entries()) {
    if (!near.has(i)) continue;
    const open = i === last + 1 ? made.at(-1) : undefined;
    if (open === undefined) made.push({ skipped: i - last - 1, lines: [line] });
    else open.lines.push(line);
    last = i;
  }
  return made;
}

function hunk({ skipped, lines }: Hunk): TextDiff['hunks'][number] {
  return {
    skipped: skipped === 0 ? undefined : `${plural(skipped, 'equal line')} left out`,
    lines: lines.map(({ sign, text }) => ({ sign, text, added: sign === '+', removed: sign === '-' })),
  };
}
