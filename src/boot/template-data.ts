import type { MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import type { Json, JsonObject, Node } from '../model/profile.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { phoneHomeUnit } from '../documents/report-units.ts';
import type { HostKey } from '../machines/host-keys.ts';
import type { TemplateData } from '../templates/template.ts';
import { clusterData, NO_LINKS, type ClusterLinks } from './cluster-data.ts';
import { hostKeyData } from './host-keys.ts';
import { reportLinks } from './links.ts';

/** What a template sees. What the file says of a node wins over what the machine says of itself. */
export function templateData(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  { keys: known }: Pick<Snapshot, 'keys'>,
  hostKey?: HostKey,
  clusters: ClusterLinks = NO_LINKS,
): TemplateData {
  const { profile, node } = match;
  const keys: Record<string, Json> = {};
  for (const key of known.values()) keys[key.name] = key.text;
  const reports = reportLinks(match, facts, origin);
  return {
    node: { ...defined(facts, ['mac', 'uuid', 'serial', 'hostname']), ...(node === undefined ? {} : nodeData(node)) },
    vars: { ...profile.vars, ...(node?.vars ?? {}) },
    profile: {
      ...profile.raw,
      name: profile.name,
      version: profile.version,
      system: profile.system,
      arch: profile.arch,
    },
    ssh_keys: keys,
    ...(hostKey === undefined ? {} : { ssh_host_keys: hostKeyData(hostKey) }),
    base_url: origin,
    cluster: clusterData(profile, profile.nodes.map(nodeData), clusters),
    install: { ...profile.install },
    // Without an identity there is nobody to report: a template that wants to is an error that says so.
    report:
      reports === undefined
        ? {}
        : { up_url: reports.up, installed_url: reports.installed, up_unit: phoneHomeUnit(reports.up) },
    request: defined(facts, [
      'mac',
      'uuid',
      'serial',
      'hostname',
      'asset',
      'manufacturer',
      'product',
      'arch',
      'platform',
    ]),
  };
}

function nodeData(node: Node): JsonObject {
  return {
    name: node.name,
    hostname: node.name,
    ...defined(node, ['mac', 'uuid', 'serial', 'ip']),
    vars: node.vars,
  };
}

function defined<T extends object>(source: T, keys: readonly (keyof T & string)[]): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const key of keys) {
    const value = source[key];
    if (typeof value === 'string') found[key] = value;
  }
  return found;
}
