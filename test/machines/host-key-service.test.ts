import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/catalog/snapshot.ts';
import { createHostKeyService, type Identities } from '../../src/machines/identities.ts';
import type { Profile } from '../../src/model/profile.ts';
import { SILENT } from '../../src/model/service.ts';
import { profileOf } from '../exports/sample.ts';
import { recordLog } from '../support/http-server.ts';

/** A catalog that changes when the test says so. */
function folder(...profiles: readonly Profile[]) {
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const of = (list: readonly Profile[]) =>
    ({ profiles: new Map(list.map((profile) => [profile.name, profile])) }) as unknown as Snapshot;
  let now = of(profiles);
  return {
    listeners,
    current: () => now,
    onChange(listener: (snapshot: Snapshot) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(...list: readonly Profile[]) {
      now = of(list);
      for (const listener of listeners) listener(now);
    },
  };
}

function recorded(work: () => Promise<void> = async () => Promise.resolve()) {
  const asked: (readonly string[])[] = [];
  const identities: Identities = {
    keyOf: () => undefined,
    async ensure(nodes) {
      asked.push(nodes);
      await work();
    },
  };
  return { asked, identities };
}

const kept = (...names: readonly string[]): Profile =>
  profileOf(
    'p',
    names.map((name) => ({ name })),
    { ssh_host_keys: true },
  );

describe('host keys', () => {
  it('are ready when the server is, and follow the folder until it stops', async () => {
    const catalog = folder(kept('a'), profileOf('q', [{ name: 'not-asked' }]));
    const { asked, identities } = recorded();
    const service = createHostKeyService(catalog, identities, SILENT);
    expect(asked).toEqual([]);
    await service.start();
    expect(asked).toEqual([['a']]);
    catalog.change(kept('a', 'b'));
    await service.stop(new AbortController().signal);
    expect(asked).toEqual([['a'], ['a', 'b']]);
    catalog.change(kept('c'));
    expect(catalog.listeners.size).toBe(0);
    await service.stop(new AbortController().signal);
    expect(asked).toHaveLength(2);
  });

  it('are made for one change after the other', async () => {
    const catalog = folder();
    let inside = 0;
    let most = 0;
    const { asked, identities } = recorded(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(setImmediate);
      inside -= 1;
    });
    const service = createHostKeyService(catalog, identities, SILENT);
    await service.start();
    for (const name of ['a', 'b', 'c']) catalog.change(kept(name));
    await service.stop(new AbortController().signal);
    expect([asked, most]).toEqual([[[], ['a'], ['b'], ['c']], 1]);
  });

  it('whose making is a bug are told about, and the server starts', async () => {
    const { identities } = recorded(async () => Promise.reject(new TypeError('a bug')));
    const log = recordLog();
    await createHostKeyService(folder(), identities, log).start();
    expect(log.of('error')).toMatchObject([
      { message: 'host keys could not be made', fields: { err: new TypeError('a bug') } },
    ]);
  });
});
