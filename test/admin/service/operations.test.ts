import { expect, test } from 'vitest';
import { currentActor, runAs } from '../../../src/admin/service/actor.ts';
import { demand, guardOperations, OPERATION_ROLES, type OperationName } from '../../../src/admin/service/operations.ts';
import { includes, ROLES, type Role } from '../../../src/model/operator.ts';
import { fakeAdminService } from '../../support/operator-setup.ts';

const NAMES = Object.keys(OPERATION_ROLES) as OperationName[];
const actor = (role: Role) => ({ role, who: 'anna', by: 'session', user: 'anna' }) as const;

/** A service that does everything it is asked. */
const willing = () => fakeAdminService(Object.fromEntries(NAMES.map((name) => [name, () => ({})])));

test('each role does what it may, and nothing else reaches the service', async () => {
  for (const role of ROLES) {
    const service = willing();
    const guarded = guardOperations(service) as unknown as Readonly<Record<string, () => Promise<unknown>>>;
    for (const name of NAMES.filter((one) => one !== 'onChange')) {
      const asked = runAs(actor(role), async () => guarded[name]?.());
      if (includes(role, OPERATION_ROLES[name])) await asked;
      else await expect(asked, `${role} ${name}`).rejects.toMatchObject({ code: 'refused' });
    }
    const may = NAMES.filter((name) => name !== 'onChange' && includes(role, OPERATION_ROLES[name]));
    expect(service.calls.map(([name]) => name)).toEqual(may);
  }
});

test('what changes something is not for viewers', () => {
  // What is their own, viewers change, too: accounts.test.ts.
  const own = ['createApiToken', 'revokeApiToken', 'endSession', 'setPassword'];
  const viewers = NAMES.filter((name) => OPERATION_ROLES[name] === 'viewer' && !own.includes(name));
  for (const name of viewers)
    expect(name).toMatch(
      /^(?:machines?|machineLog|sent|profiles?|previewFile|files?|releases|rollouts|syncSteps|health|leases|onChange|account|activities|apiTokens|sessions)$/,
    );
});

test('an operation in no name, and one that does not exist, are bugs', async () => {
  const guarded = guardOperations(willing());
  expect(() => currentActor()).toThrow(TypeError);
  await expect(guarded.health()).rejects.toThrow(TypeError);
  expect(() => Reflect.get(guarded, 'constructor') as unknown).toThrow(TypeError);
});

test('a refusal names who asks, the role that it takes and the remedy', () => {
  expect(() => {
    demand('adopt', actor('viewer'));
  }).toThrow(
    expect.objectContaining({
      code: 'refused',
      message: 'anna may not do this: it needs the role operator, and this is a viewer',
      remedy: expect.stringContaining('pilotlight user role') as string,
    }),
  );
});
