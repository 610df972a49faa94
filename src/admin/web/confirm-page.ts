import type { DiffLine, MachineView } from '../../model/views.ts';
import { machineHref, plural } from './format.ts';
import { machineTitle } from './machines-page.ts';
import type { Page } from './pages.ts';

/** More differences than this are not worth an alignment: the old text goes, the new one comes. */
const MAX_EDITS = 600;

/** What changes from one text to the other, line by line and as short as possible (Myers 1986, with its trace kept). */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
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

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return text.endsWith('\n') ? lines.slice(0, -1) : lines;
}

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const replaced = (): readonly DiffLine[] => [...a.map(gone), ...b.map(come)];
  if (a.length === 0 || b.length === 0) return replaced();
  const trace: ReadonlyMap<number, number>[] = [];
  let reach = new Map([[1, 0]]);
  for (let edits = 0; edits <= Math.min(a.length + b.length, MAX_EDITS); edits += 1) {
    trace.push(reach);
    const next = new Map<number, number>();
    for (let k = -edits; k <= edits; k += 2) {
      let x = downAt(reach, k, edits) ? at(reach, k + 1) : at(reach, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace);
    }
    reach = next;
  }
  return replaced();
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reach = trace[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = downAt(reach, k, edits);
    const fromX = edits === 0 ? 0 : at(reach, down ? k + 1 : k - 1);
    const fromY = edits === 0 ? 0 : fromX - (down ? k + 1 : k - 1);
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push(same(a[x] ?? ''));
    }
    if (edits === 0) break;
    lines.push(down ? come(b[fromY] ?? '') : gone(a[fromX] ?? ''));
    x = fromX;
    y = fromY;
  }
  return lines.reverse();
}

/** Whether the furthest path to this diagonal comes from above: a line that is added. */
function downAt(reach: ReadonlyMap<number, number>, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && at(reach, k - 1) < at(reach, k + 1));
}

function at(reach: ReadonlyMap<number, number>, k: number): number {
  return reach.get(k) ?? 0;
}

function same(text: string): DiffLine {
  return { sign: ' ', text };
}
function gone(text: string): DiffLine {
  return { sign: '-', text };
}
function come(text: string): DiffLine {
  return { sign: '+', text };
}

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

function hunk({ skipped, lines }: Hunk): TextDiff['hunks'][number] {
  return {
    skipped: skipped === 0 ? undefined : `${plural(skipped, 'equal line')} left out`,
    lines: lines.map(({ sign, text }) => ({ sign, text, added: sign === '+', removed: sign === '-' })),
  };
}
