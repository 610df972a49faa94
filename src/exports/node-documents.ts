import { macHyphens } from '../model/mac.ts';
import type { DocumentKind, Node, SystemId } from '../model/profile.ts';
import { isoImage } from './iso9660.ts';
import type { NodeDocument } from './node-document.ts';

/** What each system reads from a config drive: cloud-config on Container Linux and Flatcar, cloud-init's own elsewhere. */
export const CONFIG_DRIVE_KINDS: Readonly<Record<SystemId, readonly DocumentKind[]>> = {
  coreos: ['cloud_config', 'ignition'],
  flatcar: ['cloud_config', 'ignition'],
  'fedora-coreos': ['ignition'],
  debian: [],
  ubuntu: ['nocloud'],
  talos: [],
  custom: ['cloud_config', 'nocloud', 'ignition'],
};

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
    ...(sshKey === undefined ? {} : { public_keys: { pilotlight: sshKey } }),
  };
  return isoImage(LABEL, [
    { path: 'openstack/latest/meta_data.json', bytes: Buffer.from(`${JSON.stringify(metaData)}\n`) },
    { path: 'openstack/latest/user_data', bytes: body },
  ]);
}

function idOf({ mac, uuid, serial, name }: Node): string {
  return uuid ?? `pilotlight-${mac === undefined ? (serial ?? name) : macHyphens(mac)}`;
}
