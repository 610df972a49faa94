import type { MachineKey } from '../../model/machine.ts';
import type { MachineQuery } from '../../model/views.ts';

// Every address is made here, of encoded parts: a profile or a machine can be called anything.

export function machineHref(key: MachineKey): string {
  return `/dashboard/machines/${encodeURIComponent(key)}`;
}

export function profileHref(name: string): string {
  return `/dashboard/profiles/${encodeURIComponent(name)}`;
}

/** What the table of machines is narrowed down to. */
export type MachineFilters = {
  readonly [Key in 'text' | 'state' | 'profile' | 'after']?: MachineQuery[Key] | undefined;
};

/** The table of machines with some of its filters; what is undefined or empty is left out. */
export function machinesHref(query: MachineFilters): string {
  const parts = (['state', 'profile', 'text', 'after'] as const).flatMap((name) => {
    const value = query[name];
    return value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  return parts.length === 0 ? '/dashboard/machines' : `/dashboard/machines?${parts.join('&')}`;
}

/** For ids of elements: letters, digits and hyphens. */
export function slug(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+/g, '-');
}
