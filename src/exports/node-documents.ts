import { Failure } from '../model/failure.ts';
import { macHyphens } from '../model/machine.ts';
import type { DocumentKind, Node, Profile, SystemId } from '../model/profile.ts';
import { gzipBase64 } from '../model/text.ts';
import { isoImage } from './iso9660.ts';

/** A node's configuration as this server would send it. */
export interface NodeDocument {
  readonly node: Node;
  readonly profile: Profile;
  readonly kind: DocumentKind;
  readonly body: Uint8Array;
}

/** Another way than HTTP by which a document reaches its node. */
export interface Carrier {
  readonly name: string;
  /** What each system reads from it, the first that a profile names. */
  readonly kinds: Partial<Readonly<Record<SystemId, readonly DocumentKind[]>>>;
}

/** Ignition alone reads it. */
export const FW_CFG: Carrier = {
  name: 'fw_cfg',
  kinds: { coreos: ['ignition'], flatcar: ['ignition'], 'fedora-coreos': ['ignition'], custom: ['ignition'] },
};

/**
 * Where Flatcar has both, Ignition comes first: its cloud-config parser reads the same variable and leaves a cloud-config
 * alone that stands beside.
 */
export const GUESTINFO: Carrier = {
  name: "VMware's guestinfo",
  kinds: {
    coreos: ['ignition', 'cloud_config'],
    flatcar: ['ignition', 'cloud_config'],
    'fedora-coreos': ['ignition'],
    ubuntu: ['nocloud'],
    custom: ['ignition', 'cloud_config', 'nocloud'],
  },
};

/** cloud-config on Container Linux and Flatcar, cloud-init's own elsewhere. */
export const CONFIG_DRIVE: Carrier = {
  name: 'a config drive',
  kinds: {
    coreos: ['cloud_config', 'ignition'],
    flatcar: ['cloud_config', 'ignition'],
    'fedora-coreos': ['ignition'],
    ubuntu: ['nocloud'],
    custom: ['cloud_config', 'nocloud', 'ignition'],
  },
};

/**
 * The kind of document that the carrier takes to a node of this profile. Throws Failure `invalid` for a system that does
 * not listen there, and for a profile without such a document.
 */
export function carriedKind(profile: Profile, { name, kinds: all }: Carrier): DocumentKind {
  const kinds = all[profile.system] ?? [];
  const kind = kinds.find((candidate) => profile[candidate] !== undefined);
  if (kind !== undefined) return kind;
  const place = { file: profile.file };
  if (kinds.length === 0) throw new Failure('invalid', `${profile.system} reads nothing from ${name}`, { place });
  throw new Failure('invalid', `${profile.file} names no document that ${name} can carry`, {
    place,
    remedy: `name one of ${kinds.join(', ')}`,
  });
}

/** The argument of QEMU that hands this file to Ignition. A comma in its name is doubled (QEMU's own rule). */
export function fwCfgArgument(system: SystemId, file: string): string {
  const name = system === 'flatcar' ? 'opt/org.flatcar-linux/config' : 'opt/com.coreos/config';
  return `-fw_cfg name=${name},file=${file.replaceAll(',', ',,')}\n`;
}

/**
 * Lines for a VM's .vmx file. The data are gzip and base64, as every one of these readers takes them: text as it is
 * would need escapes for quotes and percent signs, and has a limit sooner. `metaData` is NoCloud's.
 */
export function guestinfo(document: Pick<NodeDocument, 'kind' | 'profile' | 'body'>, metaData: string): string {
  const { kind, profile, body } = document;
  if (kind === 'nocloud') return variable('guestinfo.metadata', metaData) + variable('guestinfo.userdata', body);
  // Container Linux' Ignition (0.x) knows only the variable of its cloud-config.
  const modern = kind === 'ignition' && profile.system !== 'coreos';
  return variable(modern ? 'guestinfo.ignition.config.data' : 'guestinfo.coreos.config.data', body);
}

function variable(name: string, value: string | Uint8Array): string {
  return `${name} = "${gzipBase64(value)}"\n${name}.encoding = "gzip+base64"\n`;
}

/** OpenStack's: the label is how machines find it. */
const LABEL = 'config-2';

/**
 * An ISO image with the node's document as openstack/latest/user_data, and its name in meta_data.json. On PXE the
 * kernel's command line carries the profile's SSH key; here it is a public key of the metadata. The same folder gives
 * the same bytes.
 */
export function configDrive({ node, body }: Pick<NodeDocument, 'node' | 'body'>, sshKey?: string): Buffer {
  const metaData = {
    // cloud-init wants it: another one would be another first boot.
    uuid: idOf(node),
    hostname: node.name,
    public_keys: sshKey === undefined ? undefined : { pilotlight: sshKey },
  };
  return isoImage(LABEL, [
    { path: 'openstack/latest/meta_data.json', bytes: Buffer.from(`${JSON.stringify(metaData)}\n`) },
    { path: 'openstack/latest/user_data', bytes: body },
  ]);
}

function idOf({ mac, uuid, serial, name }: Node): string {
  return uuid ?? `pilotlight-${mac === undefined ? (serial ?? name) : macHyphens(mac)}`;
}
