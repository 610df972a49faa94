import { cloudConfigKind } from './cloud-config.ts';
import { Findings } from './finding.ts';
import { fillPlatformVariables, type Addresses } from './platform-variables.ts';
import { readYaml, type YamlNode } from './yaml-tree.ts';

export interface CloudConfigAdaptation extends Addresses {
  /** For systems that know only `ssh_authorized_keys`: CoreOS took `ssh-authorized-keys` for the same, Flatcar drops it. */
  readonly underscoreKeys: boolean;
}

/**
 * What a cloud-config needs to mean on a PXE booted machine what it says. Only those bytes change: variables anywhere
 * (coreos-cloudinit replaces them in the whole text, scripts included), and `-` to `_` in keys, never in values, never in
 * text blocks. A key whose underscored spelling stands beside it stays: two of them would be a YAML error on Flatcar.
 */
export function adaptCloudConfig(text: string, adaptation: CloudConfigAdaptation): string {
  const filled = fillPlatformVariables(text, adaptation);
  if (!adaptation.underscoreKeys || cloudConfigKind(filled) !== 'cloud-config') return filled;
  const tree = readYaml(filled, new Findings(''), 'warning');
  const keys = new Map<number, number>();
  if (tree !== undefined) hyphenatedKeys(tree, keys, new Set());
  let adapted = '';
  let done = 0;
  for (const [start, end] of [...keys].toSorted(([a], [b]) => a - b)) {
    adapted += filled.slice(done, start) + filled.slice(start, end).replaceAll('-', '_');
    done = end;
  }
  return adapted + filled.slice(done);
}

/** Collects where they begin and end. What aliases share is looked at once. */
function hyphenatedKeys(node: YamlNode, keys: Map<number, number>, seen: Set<YamlNode>): void {
  if (seen.has(node)) return;
  seen.add(node);
  if (node.kind === 'list') for (const item of node.items) hyphenatedKeys(item, keys, seen);
  if (node.kind !== 'map') return;
  const names = new Set(node.entries.map((entry) => entry.key));
  for (const entry of node.entries) {
    const name = entry.key.replaceAll('-', '_');
    // Words only: an SSH key with a colon in its comment is a key to YAML as well.
    if (/^[\w-]+$/.test(entry.key) && !names.has(name)) keys.set(entry.offset, entry.end);
    names.add(name);
    hyphenatedKeys(entry.value, keys, seen);
  }
}
