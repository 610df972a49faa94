import type { SystemId } from '../model/profile.ts';
import { coreos } from './coreos.ts';
import { custom } from './custom.ts';
import { debian } from './debian.ts';
import { fedoraCoreos } from './fedora-coreos.ts';
import { flatcar } from './flatcar.ts';
import type { System } from './system.ts';
import { talos } from './talos.ts';
import { ubuntu } from './ubuntu.ts';

/** Every operating system that is known here. */
export const SYSTEMS: Readonly<Record<SystemId, System>> = {
  coreos,
  flatcar,
  'fedora-coreos': fedoraCoreos,
  debian,
  ubuntu,
  talos,
  custom,
};
