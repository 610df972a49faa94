import type { Profile } from '../model/profile.ts';
import { compareVersions, parseVersion } from '../model/version.ts';
import { claimPath, exclusiveClaims, sharedClaims } from './claim-ids.ts';
import { IDENTITY_KEYS, identityOf } from './identity.ts';
import { canonicalAddress } from './ip-address.ts';
import type { JsonPath } from './positions.ts';

/** Something wrong in one profile that its schema cannot say. */
export interface ProfileFault {
  readonly severity: 'error' | 'warning';
  readonly path: JsonPath;
  readonly message: string;
  readonly remedy: string;
  /** Where the other half of a contradiction is. */
  readonly other?: JsonPath;
}

/** Checks a profile that passed the schema, by itself: no other file is looked at. */
export function checkProfile(profile: Profile): readonly ProfileFault[] {
  return [...checkSystem(profile), ...checkUbuntu(profile), ...checkNodes(profile), ...checkTwins(profile)];
}

function checkSystem(profile: Profile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const custom = profile.system === 'custom';
  if (custom && profile.kernel === undefined && profile.boot === 'image') {
    const remedy = 'add "kernel": a path below images/ or a URL';
    faults.push({ severity: 'error', path: [], message: 'the system custom needs a `kernel`', remedy });
  }
  for (const key of ['kernel', 'initrd'] as const) {
    if (custom || profile.raw[key] === undefined) continue;
    const message = `\`${key}\` is ignored: the system ${profile.system} knows its own files`;
    faults.push({ severity: 'warning', path: [key], message, remedy: `remove it, or set "system": "custom"` });
  }
  return faults;
}

/**
 * The installer reads `nocloud` over http by cloud-init's `ds=nocloud`, which does that since 23.2: 22.04.3, and of the
 * series after it 23.10.
 */
function checkUbuntu({ system, nocloud, version }: Profile): ProfileFault[] {
  const [known, first] = [parseVersion(version), parseVersion('22.04.3')];
  if (system !== 'ubuntu' || nocloud === undefined || known === undefined || first === undefined) return [];
  if (compareVersions(known, first) >= 0 && !/^(?:22\.10|23\.04)(?:\.|$)/.test(known)) return [];
  const message = `Ubuntu ${known} may not read its \`nocloud\` over the network: its cloud-init is older than 23.2`;
  const remedy = 'boot 22.04.3 or newer (not 22.10 and 23.04)';
  return [{ severity: 'warning', path: ['version'], message, remedy }];
}

// What boards report whose maker wrote no serial number (dmidecode's collections are full of them).
const NO_SERIAL = new Set([
  '0',
  'none',
  'n/a',
  'not specified',
  'default string',
  'system serial number',
  'to be filled by o.e.m.',
  '0123456789',
  '123456789',
]);

function checkNodes(profile: Profile): ProfileFault[] {
  return profile.nodes.flatMap((node, index) => {
    const path = ['nodes', index];
    const faults: ProfileFault[] = [];
    if (IDENTITY_KEYS.every((key) => node[key] === undefined)) {
      const message = `the node ${node.name} has neither mac, uuid nor serial, so no machine can match it`;
      faults.push({ severity: 'error', path, message, remedy: 'add one of them, best "mac"' });
    }
    if (node.ip !== undefined && canonicalAddress(node.ip) === undefined) {
      const message = `"${node.ip}" is not an IPv4 or IPv6 address`;
      const remedy = 'write it as 192.168.122.2 or 2001:db8::2, without a prefix length';
      faults.push({ severity: 'error', path: [...path, 'ip'], message, remedy });
    }
    if (node.serial !== undefined && NO_SERIAL.has(identityOf(node, 'serial') ?? '')) {
      const message = `the serial "${node.serial}" is what boards without one report: many machines may match`;
      faults.push({ severity: 'warning', path: [...path, 'serial'], message, remedy: 'use "mac" instead' });
    }
    return faults;
  });
}

/** What two nodes of one profile may not share. */
function checkTwins(profile: Profile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const seen = new Map<string, JsonPath>();
  for (const claim of [...exclusiveClaims(profile), ...sharedClaims(profile)]) {
    const path = claimPath(claim);
    const other = seen.get(claim.id);
    if (other === undefined) seen.set(claim.id, path);
    else {
      const message = `the ${claim.id} belongs to two nodes of this profile`;
      faults.push({ severity: 'error', path, message, remedy: 'give it to one of them', other });
    }
  }
  return faults;
}
