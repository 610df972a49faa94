import type { SystemId } from '../model/profile.ts';
import type { Feed } from '../model/release.ts';
import { coreos, COREOS } from './coreos.ts';
import { custom, CUSTOM } from './custom.ts';
import { debian, DEBIAN } from './debian.ts';
import { FEDORA_COREOS, fedoraCoreos } from './fedora-coreos.ts';
import { flatcar, FLATCAR } from './flatcar.ts';
import { talos, TALOS } from './talos.ts';
import { ubuntu, UBUNTU } from './ubuntu.ts';
import type { System } from './system.ts';

/** Where every system's releases are announced. */
export const FEEDS: Readonly<Record<SystemId, Feed>> = {
  coreos,
  flatcar,
  'fedora-coreos': fedoraCoreos,
  debian,
  ubuntu,
  talos,
  custom,
};

const SYSTEMS: Readonly<Record<SystemId, System>> = {
  coreos: COREOS,
  flatcar: FLATCAR,
  'fedora-coreos': FEDORA_COREOS,
  debian: DEBIAN,
  ubuntu: UBUNTU,
  talos: TALOS,
  custom: CUSTOM,
};

/** How this operating system is booted. */
export function systemOf(id: SystemId): System {
  return SYSTEMS[id];
}
