import type { MachineFacts } from '../model/facts.ts';
import { failureLine, type Failure } from '../model/failure.ts';

/** For a machine that nobody knows: who it is, and the line that makes it known. */
export function unknownMachineLines(facts: MachineFacts): string[] {
  const { mac, uuid, serial, hostname } = facts;
  const identity = mac === undefined ? { uuid, serial } : { mac };
  const node = Object.entries({ name: hostname ?? 'NAME', ...identity })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}": "${value ?? ''}"`)
    .join(', ');
  const known = mac !== undefined || uuid !== undefined || serial !== undefined;
  return [
    'No profile claims this machine.',
    ...machineLines(facts),
    ...(known
      ? ['Add it to the "nodes" list of a file in profiles/:', `{ ${node} }`, 'or set "default": true in one profile.']
      : ['It told neither MAC nor UUID nor serial number. Boot it through /boot.ipxe.']),
  ];
}

/** Who a machine is. */
export function machineLines({ mac, uuid, serial, manufacturer, product }: MachineFacts): string[] {
  const made = [manufacturer, product].filter((part) => part !== undefined).join(' ');
  return [
    ...told('MAC', mac),
    ...told('UUID', uuid),
    ...told('Serial', serial),
    ...(made === '' ? [] : [`Machine: ${made}`]),
  ];
}

/** For a machine whose image is not on the shelf (yet). */
export function missingImageLines(profileFile: string, paths: readonly string[]): string[] {
  return [
    `${profileFile} names an image that is not there:`,
    ...paths.map((path) => `images/${path}`),
    'Put it there, or change the version in the profile.',
  ];
}

/** For a machine whose profile cannot be used. */
export function failureLines(failure: Failure): string[] {
  return ['This machine cannot boot yet:', failureLine(failure)];
}

/** For a machine that is back before its installation can have finished. Seconds. */
export function unfinishedLines({ ago, rest, attempt, limit }: Unfinished): string[] {
  return [
    `Its installation began ${ago} s ago (try ${attempt} of ${limit}) and is not reported as finished.`,
    `It begins again in ${rest} s.`,
  ];
}

interface Unfinished {
  readonly ago: number;
  /** Until it begins again. */
  readonly rest: number;
  readonly attempt: number;
  readonly limit: number;
}

/** For a machine whose installation is given up. */
export function stoppedLines({ tries, command }: { readonly tries: number; readonly command: string }): string[] {
  return [
    `Its installation began ${often(tries)} and was never reported as finished.`,
    'It is not tried again by itself. Once the cause is found:',
    command,
  ];
}

/** `once`, `2 times` */
export function often(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** For a machine that would be installed at each of its boots, because nobody can tell it from others. */
export function namelessLines(): string[] {
  return [
    'This machine would be installed, but it told neither MAC nor UUID nor serial number:',
    'nobody could tell afterwards that it has been. Boot it through /boot.ipxe.',
  ];
}

function told(label: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${label}: ${value}`];
}
