import type { SystemId } from '../model/profile.ts';

/** These images have one user for people, and it is not root. */
export const LOGIN_USERS: Partial<Readonly<Record<SystemId, string>>> = {
  coreos: 'core',
  flatcar: 'core',
  'fedora-coreos': 'core',
};
