import { SETTING_ROWS, type SettingRow } from './table.ts';

/** A setting that every followed system has: `PILOTLIGHT_MIRROR_FEDORA_COREOS`, `--mirror-fedora-coreos`. */
export interface SettingFamily {
  readonly name: 'mirror' | 'trust' | 'key';
  /** As it is shown to people. */
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
}

/** The systems that publish releases somewhere; `custom` names its addresses in the profile. */
export const FOLLOWED = ['coreos', 'flatcar', 'fedora-coreos', 'debian', 'ubuntu', 'talos'] as const;
export type Followed = (typeof FOLLOWED)[number];

export const SETTING_FAMILIES: readonly SettingFamily[] = [
  {
    name: 'mirror',
    value: 'URL',
    fallback: "the publisher's own servers",
    help: "another base URL for a system's releases; it may be in a private network",
  },
  {
    name: 'trust',
    value: 'FINGERPRINT,...',
    fallback: "the publisher's",
    help: 'fingerprints of the only primary keys whose signatures count for a system; `46:FINGERPRINT` adds the key of Fedora 46',
  },
  {
    name: 'key',
    value: 'FILE',
    fallback: 'state/keys/, then from the publisher',
    help: "a file with a system's public keys, instead of those in state/keys/",
  },
];

/** One member of a family as a setting of its own. */
export function familyRow(family: SettingFamily, system: Followed): Pick<SettingRow, 'env' | 'flag'> {
  const words = system.toUpperCase().replaceAll('-', '_');
  return { env: `PILOTLIGHT_${family.name.toUpperCase()}_${words}`, flag: `${family.name}-${system}` };
}

/** Every flag that every command understands. */
export function settingFlags(): readonly string[] {
  const families = SETTING_FAMILIES.flatMap((family) => FOLLOWED.map((system) => familyRow(family, system).flag));
  return [...SETTING_ROWS.map((row) => row.flag), ...families];
}
