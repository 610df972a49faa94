import { machinePlan, missingFiles } from '../boot/machine-plan.ts';
import { typicalMachine } from '../boot/placeholder.ts';
import { setVersion } from '../catalog/set-version.ts';
import { Failure } from '../model/failure.ts';
import { SILENT } from '../model/log.ts';
import type { RolledBack } from '../model/office-views.ts';
import type { Profile } from '../model/profile.ts';
import type { Locked } from '../model/sync-event.ts';
import { parseVersion, type Version } from '../model/version.ts';
import { listReleases } from './retain.ts';
import type { Settings } from '../settings/settings.ts';
import { profileNamed, withHold } from './pin.ts';
import { rollbackHold, versionBefore } from './old-sync-rollback.ts';
import { readState, writeState } from './state-file.ts';
import { underLock } from './under-lock.ts';
import { likelyOrigin, readHouse, type House } from '../context/app-context.ts';

/** Lets a profile boot the release before (or the named one), and keeps it there until there is a newer one. */
export async function rollback(settings: Settings, name: string, wanted?: string): Promise<Locked<RolledBack>> {
  const house = await readHouse(settings);
  const { files, catalog } = house;
  return await underLock(files, 'a rollback', async () => {
    const profile = profileNamed(await catalog.refresh(), name);
    if (profile.system === 'custom')
      throw new Failure('invalid', `${name} is a custom system: edit its "kernel" and "initrd"`);
    const version = wanted === undefined ? versionBefore(profile, await listReleases(files)) : versionOf(wanted);
    await checkThere(house, settings, profile, version);
    const state = await readState(files, SILENT);
    const hold = profile.update === 'auto' ? rollbackHold(profile, version, state) : undefined;
    // First the hold: a crash in between leaves one for a version that the profile does not name, which holds nothing.
    if (hold !== undefined) await writeState(files, withHold(state, name, hold));
    const change = await setVersion(files, profile.file, version);
    if (change === 'none')
      throw new Failure('broken', 'names no version that could be rewritten', {
        place: { file: profile.file, key: 'version' },
      });
    return {
      profile: name,
      from: profile.version,
      to: version,
      ...(hold?.above === undefined ? {} : { heldAbove: hold.above }),
    };
  });
}

function versionOf(text: string): Version {
  const version = parseVersion(text);
  if (version === undefined)
    throw new Failure('invalid', 'a version is letters, digits, dot, plus, hyphen and underscore');
  return version;
}

// No profile ever names what is not on the shelf.
async function checkThere(house: House, settings: Settings, profile: Profile, version: Version): Promise<void> {
  const { match, facts } = typicalMachine({ ...profile, version });
  const plan = machinePlan(match, facts, likelyOrigin(settings), house.catalog.current());
  const [missing] = await missingFiles(plan, house.shelf);
  if (missing === undefined) return;
  throw new Failure('not-found', `images/${missing} is not there`, { remedy: 'see `pilotlight images` for what is' });
}
