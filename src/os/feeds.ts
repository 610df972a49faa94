import type { Feed } from '../model/feed.ts';
import type { SystemId } from '../model/profile.ts';
import { coreos } from './old-feeds-coreos.ts';
import { custom } from './old-feeds-custom.ts';
import { debian } from './old-feeds-debian.ts';
import { fedoraCoreos } from './old-feeds-fedora-coreos.ts';
import { flatcar } from './old-feeds-flatcar.ts';
import { talos } from './old-feeds-talos.ts';
import { ubuntu } from './old-feeds-ubuntu.ts';

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
