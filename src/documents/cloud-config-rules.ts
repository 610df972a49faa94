import { gunzipSync } from 'node:zlib';
import type { SystemId } from '../model/profile.ts';
import type { Diagnostics } from '../text/diagnostics.ts';
import { type Path, shown } from '../text/text.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../text/yaml.ts';
import { unitFileProblem } from './units.ts';

// The suffixes of systemd.unit(5), and the three of systemd-networkd that coreos-cloudinit writes as well.
const UNIT_NAME =
  /^[^/\s]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope|network|netdev|link)$/;

/** What no schema says: things that validate and then do nothing, or not what was meant. */
export function checkCloudConfigRules(root: YamlMap, system: SystemId | undefined, diagnostics: Diagnostics): void {
  users(root, diagnostics);
  sshKeys(child(root, 'ssh_authorized_keys'), ['ssh_authorized_keys'], diagnostics);
  for (const [file, path] of mapsOf(child(root, 'write_files'), 'write_files')) writeFile(file, path, diagnostics);
  units(root, system, diagnostics);
  const hosts = child(root, 'manage_etc_hosts');
  if (hosts?.kind === 'scalar' && hosts.source !== 'localhost') {
    const remedy = 'write "localhost", or remove it';
    diagnostics.warn('only "localhost" does something here', {
      path: ['manage_etc_hosts'],
      offset: hosts.offset,
      remedy,
    });
  }
  for (const name of ['etcd', 'etcd2']) {
    const discovery = child(child(child(root, 'coreos'), name), 'discovery');
    if (discovery?.kind !== 'scalar' || URL.canParse(discovery.source)) continue;
    const path = ['coreos', name, 'discovery'];
    diagnostics.warn(`${shown(discovery.source)} is no URL`, {
      path,
      offset: discovery.offset,
      remedy: 'write https://...',
    });
  }
}

function users(root: YamlMap, diagnostics: Diagnostics): void {
  const names = new Set<string>();
  for (const [user, path] of mapsOf(child(root, 'users'), 'users')) {
    const name = textOf(child(user, 'name'));
    if (name === '') {
      const remedy = 'give it a name; a second "-" in front of one user\'s keys makes two users';
      diagnostics.warn('a user without a name is skipped', { path, offset: user.offset, remedy });
    } else if (names.has(name)) {
      diagnostics.warn(`the user ${shown(name)} stands here twice`, {
        path,
        offset: user.offset,
        remedy: 'make them one',
      });
    }
    names.add(name);
    sshKeys(child(user, 'ssh_authorized_keys'), [...path, 'ssh_authorized_keys'], diagnostics);
  }
}

function sshKeys(list: YamlNode | undefined, path: Path, diagnostics: Diagnostics): void {
  if (list?.kind !== 'list') return;
  for (const [i, key] of list.items.entries()) {
    if (key.kind !== 'scalar' || /(?:^|\s)[a-z][\w@.-]+\s+AAAA[\w+/=]+/.test(key.source)) continue;
    const remedy = 'paste the whole line of the .pub file';
    diagnostics.warn('this is no SSH public key', { path: [...path, i], offset: key.offset, remedy });
  }
}

function writeFile(file: YamlMap, path: Path, diagnostics: Diagnostics): void {
  const target = child(file, 'path');
  const name = textOf(target);
  if (!name.startsWith('/')) {
    const remedy = 'give it an absolute "path"';
    diagnostics.warn(name === '' ? 'a file without a path' : `${shown(name)} is no absolute path`, {
      path: target === undefined ? path : [...path, 'path'],
      offset: target?.offset ?? file.offset,
      remedy,
    });
  }
  const encoding = textOf(child(file, 'encoding'));
  const content = child(file, 'content');
  if (content?.kind !== 'scalar') return;
  const wrong = decodingProblem(encoding, content.source);
  if (wrong === undefined) return;
  const told = { path: [...path, 'content'], offset: content.offset, remedy: `encode it anew, or mend "encoding"` };
  diagnostics.error(wrong, told);
}

/** Go's base64.StdEncoding ignores line breaks and nothing else. */
export function decodingProblem(encoding: string, content: string): string | undefined {
  let bytes = Buffer.from(content);
  if (/(?:base64|b64)$/.test(encoding)) {
    const digits = content.replaceAll(/[\r\n]/g, '');
    if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return 'the content is not base64';
    bytes = Buffer.from(digits, 'base64');
  }
  if (!/^gz/.test(encoding)) return undefined;
  try {
    gunzipSync(bytes, { maxOutputLength: 64 * 1024 * 1024 });
    return undefined;
  } catch (error) {
    // More than we look at is still gzip.
    const large = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    return large ? undefined : 'the content is not gzip';
  }
}

/** Units that Container Linux had once. */
const GONE_ON_FLATCAR: ReadonlySet<string> = new Set(['etcd.service', 'fleet.service', 'fleet.socket']);

function units(root: YamlMap, system: SystemId | undefined, diagnostics: Diagnostics): void {
  // Old instructions put them at the left edge, where they do nothing.
  const astray = system === 'flatcar' ? mapsOf(child(root, 'units'), 'units') : [];
  for (const [unit, at] of astray) goneUnit(unit, at, diagnostics);
  const path = ['coreos', 'units'];
  const names = new Set<string>();
  for (const [unit, at] of mapsOf(child(child(root, 'coreos'), 'units'), ...path)) {
    const named = child(unit, 'name');
    const name = textOf(named);
    const offset = named?.offset ?? unit.offset;
    if (name === '') diagnostics.warn('a unit without a name', { path: at, offset, remedy: 'give it a "name"' });
    else if (!UNIT_NAME.test(name)) {
      const remedy = 'end it with .service, .mount, .network or the like';
      diagnostics.warn(`${shown(name)} is no unit name`, { path: [...at, 'name'], offset, remedy });
    } else if (names.has(name)) {
      diagnostics.warn(`the unit ${shown(name)} stands here twice`, {
        path: [...at, 'name'],
        offset,
        remedy: 'make them one',
      });
    }
    names.add(name);
    if (system === 'flatcar') goneUnit(unit, at, diagnostics);
    unitText(child(unit, 'content'), [...at, 'content'], diagnostics);
    for (const [dropIn, place] of mapsOf(child(unit, 'drop_ins'), ...at, 'drop_ins')) {
      const file = child(dropIn, 'name');
      if (!/^[^/\s]+\.conf$/.test(textOf(file))) {
        const remedy = 'name it like 10-name.conf: systemd reads no other';
        diagnostics.warn('a drop-in must be called NAME.conf', {
          path: place,
          offset: file?.offset ?? dropIn.offset,
          remedy,
        });
      }
      unitText(child(dropIn, 'content'), [...place, 'content'], diagnostics);
    }
  }
}

function goneUnit(unit: YamlMap, at: Path, diagnostics: Diagnostics): void {
  const named = child(unit, 'name');
  const name = textOf(named);
  if (!GONE_ON_FLATCAR.has(name) || child(unit, 'content') !== undefined) return;
  const remedy = 'remove it, or give it a "content"; etcd is etcd-member.service now';
  const message = `${shown(name)} does not exist there: Flatcar ships neither fleet nor the first etcd`;
  diagnostics.warn(message, { path: [...at, 'name'], offset: named?.offset ?? unit.offset, remedy });
}

function unitText(content: YamlNode | undefined, path: Path, diagnostics: Diagnostics): void {
  const wrong = unitFileProblem(textOf(content), 'systemd');
  if (wrong === undefined) return;
  diagnostics.warn(wrong.message, { path, offset: content?.offset ?? 0, remedy: 'see systemd.syntax(7)' });
}

/** A key's value in either spelling. */
function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== 'map') return undefined;
  const spelled = (entry: YamlEntry) => entry.key.replaceAll('-', '_') === key;
  return (node.entries.find((entry) => entry.key === key) ?? node.entries.find(spelled))?.value;
}

function textOf(node: YamlNode | undefined): string {
  return node?.kind === 'scalar' ? node.source : '';
}

function mapsOf(list: YamlNode | undefined, ...path: Path): readonly (readonly [YamlMap, Path])[] {
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((item, i) => (item.kind === 'map' ? [[item, [...path, i]] as const] : []));
}
