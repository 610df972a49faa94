import type { Feed } from '../../domain/feed.ts';
import type { SystemId } from '../../domain/profile.ts';
import { coreos } from './coreos.ts';
import { custom } from './custom.ts';
import { debian } from './debian.ts';
import { fedoraCoreos } from './fedora-coreos.ts';
import { flatcar } from './flatcar.ts';
import { talos } from './talos.ts';
import { ubuntu } from './ubuntu.ts';

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
