import { Diagnostics } from '../text/diagnostics.ts';
import { readYaml, type YamlNode } from '../text/yaml.ts';
import { cloudConfigKind, type CloudConfigTarget } from './cloud-config.ts';

interface CloudConfigAdaptation {
  /** The machine's own address, where it is known. */
  readonly ip?: string;
  /** For systems that know only `ssh_authorized_keys`: CoreOS took `ssh-authorized-keys` for the same, Flatcar drops it. */
  readonly underscoreKeys: boolean;
}

/**
 * What a cloud-config needs to mean on a PXE booted machine what it says. Only those bytes change: variables anywhere
 * (coreos-cloudinit replaces them in the whole text, scripts included), and `-` to `_` in keys, never in values, never in
 * text blocks. A key whose underscored spelling stands beside it stays: two of them would be a YAML error on Flatcar.
 */
export function adaptCloudConfig(text: string, adaptation: CloudConfigAdaptation): string {
  const filled = fillPlatformVariables(text, adaptation.ip);
  if (!adaptation.underscoreKeys || cloudConfigKind(filled) !== 'cloud-config') return filled;
  const tree = readYaml(filled, new Diagnostics(''), 'warning');
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

/**
 * The variables that coreos-cloudinit replaces in the whole text before it reads it. On PXE it has no values for them, so
 * that they become the empty string: the server fills them in for the nodes that it knows. A backslash before the
 * dollar keeps one as it is (the machine takes the backslash away); `${private_ipv4}` is not a variable.
 */
const VARIABLE = /(?<!\\)\$(?:private|public)_ipv([46])/g;

/** The text with every variable replaced that is of the address' family; the others stay. */
export function fillPlatformVariables(text: string, ip: string | undefined): string {
  return text.replaceAll(VARIABLE, (whole, family: string) => (isOf(family, ip) ? ip : whole));
}

function isOf(family: string, ip: string | undefined): ip is string {
  return ip?.includes(':') === (family === '6');
}

/** What is wrong with the variables, whatever reads the text: the server fills them in for every listed node. */
export function checkVariables(text: string, { node }: CloudConfigTarget, diagnostics: Diagnostics): void {
  for (const name of ['$private_ip', '$public_ip']) {
    // Old instructions name it. A text that gives it a value itself is a script that knows what it does.
    const offset = new RegExp(`(?<!\\\\)\\${name}(?!\\w)`).exec(text)?.index;
    if (offset === undefined || new RegExp(`\\b${name.slice(1)}=`).test(text)) continue;
    diagnostics.warn(`${name} is no variable: it stays as it is`, { offset, remedy: `write ${name}v4` });
  }
  if (node === undefined) return;
  for (const { 0: name, 1: family = '', index: offset } of text.matchAll(VARIABLE)) {
    if (isOf(family, node.ip)) continue;
    diagnostics.error(`${name} has no value: the node "${node.name}" has no ${family === '6' ? 'IPv6 ' : ''}ip`, {
      offset,
      remedy: `give the node an "ip" in its profile, or write \\${name} for the word itself`,
    });
  }
}
