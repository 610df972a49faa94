import { expect, it } from 'vitest';
import { LOGIN_USERS } from '../../src/exports/login-users.ts';

it('knows the user of images that have one for people', () => {
  expect([LOGIN_USERS.coreos, LOGIN_USERS.flatcar, LOGIN_USERS['fedora-coreos'], LOGIN_USERS.ubuntu]).toEqual([
    'core',
    'core',
    'core',
    undefined,
  ]);
});
