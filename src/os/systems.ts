import type { SystemId } from '../model/profile.ts';
import { COREOS } from './coreos.ts';
import { CUSTOM } from './custom.ts';
import { DEBIAN } from './debian.ts';
import { FEDORA_COREOS } from './fedora-coreos.ts';
import { FLATCAR } from './flatcar.ts';
import type { System } from './system.ts';
import { TALOS } from './talos.ts';
import { UBUNTU } from './ubuntu.ts';

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
