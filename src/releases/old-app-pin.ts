import { Failure } from '../model/failure.ts';
import type { Locked } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import { profileNamed, withHold } from './pin.ts';
import { readState, writeState } from './state-file.ts';
import { underLock } from './under-lock.ts';
import { readHouse } from '../context/app-context.ts';
import { SILENT } from '../model/log.ts';

/** Lets a profile keep its version, or follow its channel again. Gives one line for people. */
export async function pinProfile(settings: Settings, name: string, change: 'pin' | 'unpin'): Promise<Locked<string>> {
  const { files, catalog } = await readHouse(settings);
  return await underLock(files, 'a change of pins', async () => {
    const { version, update } = profileNamed(await catalog.refresh(), name);
    if (update === 'manual') return `${name} has "update": "manual": the sync leaves it alone anyway`;
    if (change === 'pin' && version === '') throw new Failure('invalid', `${name} names no version that could be kept`);
    const state = await readState(files, SILENT);
    const hold = change === 'pin' ? ({ version, until: 'unpinned' } as const) : undefined;
    await writeState(files, withHold(state, name, hold));
    return change === 'pin'
      ? `${name} keeps ${version} until \`pilotlight sync --unpin ${name}\``
      : `${name} follows its channel again`;
  });
}
