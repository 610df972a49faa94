import type { Json, JsonObject } from '../../src/model/profile.ts';
import { compileTemplate } from '../../src/templates/template.ts';

export const NODES: readonly JsonObject[] = [
  { name: 'infra2', ip: '10.0.1.12', mac: '52:54:00:00:00:12' },
  { name: 'infra0', ip: '10.0.1.10', mac: '52:54:00:00:00:10' },
  { name: 'infra1', ip: '10.0.1.11', mac: '52:54:00:00:00:11' },
];
export const CLUSTER: JsonObject = { name: 'lab', mode: 'static', state: 'new', size: 3 };

/** A template rendered for `node` of a cluster, as the boot service does it. */
export function renderEtcd(
  source: string,
  {
    nodes = NODES,
    node = nodes[1] ?? null,
    cluster = CLUSTER,
  }: { nodes?: readonly Json[]; node?: Json; cluster?: JsonObject } = {},
): string {
  return compileTemplate(source, 'a.hbs').render({ node, cluster: Object.assign([...nodes], cluster) });
}
