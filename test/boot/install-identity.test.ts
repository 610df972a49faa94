import { describe, expect, it } from 'vitest';
import { identityOf } from '../../src/model/machine.ts';
import { factsOf, contextOf } from '../support/app-context.ts';

const MAC = '52:54:00:00:00:01';
const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';

async function identity(told: Parameters<typeof factsOf>[0], node: object | undefined) {
  const { catalog } = await contextOf({
    'profiles/p.json': {
      system: 'custom',
      kernel: 'k',
      ...(node === undefined ? { default: true } : { nodes: [{ name: 'n', ...node }] }),
    },
  });
  const facts = factsOf(told);
  const match = catalog.current().match(facts);
  if (match === undefined) throw new TypeError('no match');
  return identityOf(facts, match);
}

describe('a machine is remembered', () => {
  it('by what decided, and by what else its node says', async () => {
    const told = { mac: MAC, uuid: UUID, serial: 'PF0 X1' };
    expect(await identity(told, { mac: MAC })).toEqual({ key: MAC, also: [], machine: factsOf(told) });
    expect(await identity(told, { uuid: UUID })).toMatchObject({ key: `uuid:${UUID}`, also: [] });
    expect(await identity(told, { serial: 'pf0 x1' })).toMatchObject({ key: 'serial:pf0 x1', also: [] });
    expect(
      await identity({ mac: '52:54:00:00:00:02', uuid: UUID }, { mac: MAC, uuid: UUID, serial: 'PF0 X1' }),
    ).toMatchObject({
      key: `uuid:${UUID}`,
      also: [MAC, 'serial:pf0 x1'],
    });
  });

  it('by its MAC where no file names it, else by what it says', async () => {
    expect(await identity({ mac: MAC, uuid: UUID }, undefined)).toMatchObject({ key: MAC, also: [] });
    expect(await identity({ uuid: UUID, serial: 'X' }, undefined)).toMatchObject({ key: `uuid:${UUID}` });
    expect(await identity({ serial: 'PF0' }, undefined)).toMatchObject({ key: 'serial:pf0' });
    expect(identityOf(factsOf({ mac: MAC }))?.key).toBe(MAC);
  });

  it('not at all when it says nothing', async () => {
    expect(await identity({ hostname: 'x' }, undefined)).toBeUndefined();
  });
});
