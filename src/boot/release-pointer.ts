import { compareVersions, parseVersion, type Version } from '../model/version.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { systemOf } from '../os/systems.ts';

const VARIABLE = { coreos: 'COREOS', flatcar: 'FLATCAR' } as const;

/**
 * `version.txt` of a shelf's `current/`: what `coreos-install -b` and `flatcar-install -b` read before they fetch
 * everything else from the numbered folder. `current` is the newest release that a profile boots, so a mirror never
 * installs what its operator has not taken. Undefined for a folder that no profile boots from.
 */
export function currentVersionText(folder: string, { profiles }: Pick<Snapshot, 'profiles'>): string | undefined {
  let newest: Version | undefined;
  let variable: string | undefined;
  for (const profile of profiles.values()) {
    if (profile.system !== 'coreos' && profile.system !== 'flatcar') continue;
    const version = parseVersion(profile.version);
    if (version === undefined || systemOf(profile.system).shelf(profile) !== `${folder}/${version}`) continue;
    if (newest !== undefined && compareVersions(version, newest) <= 0) continue;
    newest = version;
    variable = VARIABLE[profile.system];
  }
  if (newest === undefined || variable === undefined) return undefined;
  return `${variable}_VERSION=${newest}\n${variable}_VERSION_ID=${newest}\n`;
}
