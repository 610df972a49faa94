import type { MachineFacts } from '../domain/facts.ts';
import { failureLine, type Failure } from '../domain/failure.ts';

/** For a machine that nobody knows: who it is, and the line that makes it known. */
export function unknownMachineLines(facts: MachineFacts): string[] {
  const { mac, uuid, serial, manufacturer, product, hostname } = facts;
  const made = [manufacturer, product].filter((part) => part !== undefined).join(' ');
  const identity = mac === undefined ? { uuid, serial } : { mac };
  const node = Object.entries({ name: hostname ?? 'NAME', ...identity })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}": "${value ?? ''}"`)
    .join(', ');
  const known = mac !== undefined || uuid !== undefined || serial !== undefined;
  return [
    'No profile claims this machine.',
    ...told('MAC', mac),
    ...told('UUID', uuid),
    ...told('Serial', serial),
    ...(made === '' ? [] : [`Machine: ${made}`]),
    ...(known
      ? ['Add it to the "nodes" list of a file in profiles/:', `{ ${node} }`, 'or set "default": true in one profile.']
      : ['It told neither MAC nor UUID nor serial number. Boot it through /boot.ipxe.']),
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

function told(label: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${label}: ${value}`];
}
