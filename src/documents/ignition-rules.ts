import { valueAt } from '../text/json.ts';
import { type Path, shown } from '../text/text.ts';
import type { IgnitionVersion } from './ignition-spec.ts';
import { unitFileProblem } from './units.ts';

/** A value of a parsed document with the path that leads to it. */
export interface ValueAt {
  readonly path: Path;
  readonly value: unknown;
}

/** How a rule says what it found. */
type Report = (severity: 'error' | 'warning', place: ValueAt, message: string, remedy: string) => void;

/** What Ignition itself refuses or stumbles over and no JSON Schema can say. */
export function checkIgnitionRules(value: unknown, version: IgnitionVersion, report: Report): void {
  const root: ValueAt = { path: [], value };
  checkResources(root, version, report);
  checkIgnitionUnits(root, version, report);
  checkDuplicates(root, version, report);
  checkPaths(root, version, report);
  if (version.major === 3) checkLinks(root, report);
  else checkFilesystemNames(root, report);
  for (const list of ['files', 'directories']) {
    for (const node of itemsOf(root, 'storage', list)) checkMode(at(node, 'mode'), report);
  }
  for (const raid of itemsOf(root, 'storage', 'raid')) {
    const level = at(raid, 'level');
    if (typeof level.value !== 'string' || RAID_LEVELS.includes(level.value)) continue;
    report('error', level, `the RAID level ${shown(level.value)} is unknown`, `one of ${RAID_LEVELS.join(', ')}`);
  }
  checkFormats(root, version, report);
}

const RAID_LEVELS = 'linear raid0 0 stripe raid1 1 mirror raid4 4 raid5 5 raid6 6 raid10 10'.split(' ');

/** Lists whose items have a name of their own. Spec 3 refuses duplicates; spec 2 does one after the other. */
const NAMED: readonly (readonly [list: Path, key: string])[] = [
  [['passwd', 'users'], 'name'],
  [['passwd', 'groups'], 'name'],
  [['storage', 'disks'], 'device'],
  [['storage', 'raid'], 'name'],
  [['storage', 'luks'], 'name'],
  [['systemd', 'units'], 'name'],
  [['networkd', 'units'], 'name'],
];

function checkDuplicates(root: ValueAt, version: IgnitionVersion, report: Report): void {
  const say = version.major === 3 ? 'error' : 'warning';
  const keyed = version.major === 3 ? [...NAMED, [['storage', 'filesystems'], 'device'] as const] : NAMED;
  for (const [list, key] of keyed) {
    const seen = new Set<string>();
    for (const item of itemsOf(root, ...list)) {
      const name = textAt(item, key);
      if (seen.has(name)) report(say, at(item, key), `${key} ${shown(name)} stands here twice`, 'make them one');
      if (name !== '') seen.add(name);
    }
  }
  const seen = new Set<string>();
  for (const node of nodes(root)) {
    // In spec 2 a path belongs to a filesystem, and a file may be appended to by others.
    const where = `${textAt(node, 'filesystem')} ${textAt(node, 'path')}`;
    const appends = version.major === 2 && at(node, 'append').value === true;
    if (seen.has(where) && !appends) {
      report(say, at(node, 'path'), `path ${shown(textAt(node, 'path'))} stands here twice`, 'keep one of them');
    }
    if (textAt(node, 'path') !== '') seen.add(where);
  }
}

/** Files, directories and links: one name space. */
function nodes(root: ValueAt): readonly ValueAt[] {
  return ['files', 'directories', 'links'].flatMap((list) => itemsOf(root, 'storage', list));
}

function checkPaths(root: ValueAt, { major }: IgnitionVersion, report: Report): void {
  const paths = [
    ...nodes(root).map((node) => at(node, 'path')),
    ...itemsOf(root, 'storage', 'disks').map((disk) => at(disk, 'device')),
    ...itemsOf(root, 'storage', 'raid').flatMap((raid) => itemsOf(raid, 'devices')),
    ...itemsOf(root, 'storage', 'luks').map((luks) => at(luks, 'device')),
    ...itemsOf(root, 'storage', 'filesystems').flatMap((one) =>
      major === 3 ? [at(one, 'device'), at(one, 'path')] : [at(one, 'mount', 'device'), at(one, 'path')],
    ),
  ];
  for (const place of paths) {
    if (typeof place.value !== 'string' || place.value.startsWith('/')) continue;
    if (place.value === '' && place.path.at(-1) === 'path' && place.path[1] === 'filesystems') continue;
    report('error', place, `${shown(place.value)} is no absolute path`, 'begin it with "/"');
  }
  for (const file of itemsOf(root, 'storage', 'files')) {
    const append = at(file, 'append').value;
    if (major === 2 && append === true && at(file, 'overwrite').value === true) {
      report('error', file, 'a file is appended to or overwritten, not both', 'remove "append" or "overwrite"');
    }
    if (
      major === 3 &&
      at(file, 'overwrite').value === true &&
      typeof at(file, 'contents', 'source').value !== 'string'
    ) {
      report('error', file, '"overwrite" needs "contents.source"', 'write "data:," as the source of an empty file');
    }
  }
}

/** A file below a link of the same document would land wherever the link leads. */
function checkLinks(root: ValueAt, report: Report): void {
  const links = new Set(itemsOf(root, 'storage', 'links').map((link) => textAt(link, 'path').replace(/\/+$/, '')));
  links.delete('');
  if (links.size === 0) return;
  for (const node of nodes(root)) {
    const path = textAt(node, 'path').replace(/\/+$/, '');
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      if (!links.has(parent)) continue;
      report(
        'error',
        at(node, 'path'),
        `${shown(path)} lies below the link ${shown(parent)}`,
        'write where it leads to',
      );
      break;
    }
  }
}

function checkFilesystemNames(root: ValueAt, report: Report): void {
  // Container Linux defines these two itself.
  const names = new Set(['root', 'oem', ...itemsOf(root, 'storage', 'filesystems').map((one) => textAt(one, 'name'))]);
  for (const node of nodes(root)) {
    const name = textAt(node, 'filesystem');
    if (name === '' || names.has(name)) continue;
    const remedy = 'define it in storage.filesystems, or write "root"';
    report('warning', at(node, 'filesystem'), `there is no filesystem ${shown(name)} in this document`, remedy);
  }
}

/**
 * Octal permissions whose digits were written in decimal: those up to 0777 that make no sense (400 is 0620), and above,
 * where every decimal number sets special bits, those that give no more to others than to the group, nor to the group
 * than to the owner. 1023 (01777, as /tmp has it) is none of them.
 */
function looksOctal(value: number): boolean {
  if (value <= 0o777) return [400, 440, 444, 500].includes(value);
  const [, owner = '', group = '', others = ''] = /^[0-7]?([4-7])([0-7])([0-7])$/.exec(String(value)) ?? [];
  return owner !== '' && owner >= group && group >= others;
}

function checkMode(mode: ValueAt, report: Report): void {
  const { value } = mode;
  if (typeof value !== 'number' || !Number.isInteger(value)) return;
  const octal = Number.parseInt(String(value), 8);
  const remedy = `JSON numbers are decimal: 0${value} is ${octal}`;
  if (value < 0 || value > 0o7777) {
    const meant = /^[0-7]{3,5}$/.test(String(value)) ? remedy : 'a mode is at most 4095 (07777)';
    report('error', mode, `${value} is no file mode`, meant);
  } else if (looksOctal(value)) {
    report('warning', mode, `the mode ${value} means 0${value.toString(8)}`, remedy);
  }
}

const FORMATS: readonly (readonly [name: string, since: number])[] = [
  ['ext4', 30],
  ['btrfs', 30],
  ['xfs', 30],
  ['vfat', 30],
  ['swap', 30],
  ['none', 33],
];

function checkFormats(root: ValueAt, { major, minor }: IgnitionVersion, report: Report): void {
  if (major === 2) return;
  const known = FORMATS.filter(([, since]) => since <= 30 + minor).map(([name]) => name);
  for (const one of itemsOf(root, 'storage', 'filesystems')) {
    const format = at(one, 'format');
    if (typeof format.value !== 'string' || format.value === '' || known.includes(format.value)) continue;
    report('error', format, `the filesystem format ${shown(format.value)} is unknown`, `one of ${known.join(', ')}`);
  }
}

/** Everything that Ignition fetches: contents of files, further configurations, certificates, key files. */
function checkResources(root: ValueAt, version: IgnitionVersion, report: Report): void {
  const config = at(root, 'ignition', 'config');
  const certificates = itemsOf(root, 'ignition', 'security', 'tls', 'certificateAuthorities');
  const configs = [...itemsOf(config, 'append'), ...itemsOf(config, 'merge'), at(config, 'replace'), ...certificates];
  for (const place of configs) {
    if (place.value === undefined || place.value === null) continue;
    if (textAt(place, 'source') === '') report('error', place, 'there is no "source"', 'name the URL that holds it');
    checkResource(place, version, report);
  }
  for (const file of itemsOf(root, 'storage', 'files')) {
    checkResource(at(file, 'contents'), version, report);
    for (const more of itemsOf(file, 'append')) checkResource(more, version, report);
  }
  for (const luks of itemsOf(root, 'storage', 'luks')) checkResource(at(luks, 'keyFile'), version, report);
  for (const key of ['httpProxy', 'httpsProxy']) {
    const proxy = at(root, 'ignition', 'proxy', key);
    if (typeof proxy.value !== 'string' || /^https?:\/\//.test(proxy.value)) continue;
    report('error', proxy, `${shown(proxy.value)} is no proxy`, 'write http://HOST:PORT');
  }
}

function checkResource(resource: ValueAt, version: IgnitionVersion, report: Report): void {
  const source = at(resource, 'source');
  const wrong = typeof source.value === 'string' ? sourceProblem(source.value, version) : undefined;
  if (wrong !== undefined) {
    const data = typeof source.value === 'string' && /^data:/i.test(source.value);
    report('error', source, wrong, data ? 'encode it anew' : `schemes: ${schemes(version).join(', ')}`);
  }
  const compression = at(resource, 'compression');
  if (typeof compression.value === 'string' && !['', 'gzip'].includes(compression.value)) {
    report(
      'error',
      compression,
      `the compression ${shown(compression.value)} is unknown`,
      'write "gzip", or leave it out',
    );
  }
  const hash = at(resource, 'verification', 'hash');
  if (typeof hash.value === 'string') checkHash(hash, hash.value, version, report);
}

function schemes({ major, minor, oem }: IgnitionVersion): readonly string[] {
  const old = major === 2 || oem === true ? ['oem'] : [];
  const gs = major === 3 && minor >= 2 ? ['gs'] : [];
  const arn = major === 3 && minor >= 4 ? ['arn'] : [];
  return ['http', 'https', 'tftp', 'data', 's3', ...old, ...gs, ...arn];
}

/** The empty text means: an empty file. */
function sourceProblem(source: string, version: IgnitionVersion): string | undefined {
  if (source === '') return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) return `the source ${shown(source)} has no scheme`;
  if (!schemes(version).includes(scheme))
    return `the source scheme "${scheme.slice(0, 20)}" is unknown to this version`;
  if (scheme === 'data') return dataProblem(source);
  if (scheme === 'arn' || URL.canParse(source)) return undefined;
  return `the source ${shown(source)} is no URL`;
}

/** RFC 2397. */
function dataProblem(source: string): string | undefined {
  const comma = source.indexOf(',');
  if (comma === -1) return 'a data URL needs a comma before its data';
  const data = source.slice(comma + 1);
  const percent = /%(?![0-9A-Fa-f]{2})/.test(data);
  if (percent) return 'a "%" in a data URL must be followed by two hexadecimal digits';
  if (!/;base64$/i.test(source.slice(0, comma))) return undefined;
  const digits = data.replaceAll(/%3D/gi, '=').replaceAll(/%2B/gi, '+').replaceAll(/%2F/gi, '/');
  const fine = digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
  return fine ? undefined : 'the data of this data URL is not base64';
}

const DIGITS: Readonly<Record<string, number>> = { sha512: 128, sha256: 64 };

/** `FUNCTION-HEX`; sha256 since 3.1.0. */
function checkHash(hash: ValueAt, text: string, { major, minor }: IgnitionVersion, report: Report): void {
  const allowed = major === 3 && minor >= 1 ? ['sha512', 'sha256'] : ['sha512'];
  const [, name = '', digits = ''] = /^([^-]*)-(.*)$/s.exec(text) ?? [];
  if (!allowed.includes(name)) {
    report(
      'error',
      hash,
      `${shown(text)} is no hash of this version`,
      `write ${allowed.join('- or ')}- and hexadecimal digits`,
    );
  } else if (digits.length !== DIGITS[name] || !/^[0-9a-f]*$/i.test(digits)) {
    report(
      'error',
      hash,
      `a ${name} hash has ${DIGITS[name] ?? 0} hexadecimal digits`,
      `copy it anew: ${name}sum FILE`,
    );
  }
}

const SYSTEMD = 'service socket device mount automount swap target path timer snapshot slice scope'.split(' ');
const NETWORKD = ['network', 'netdev', 'link'];

/** Names and texts of units and their drop-ins, as Ignition checks them before it writes anything. */
function checkIgnitionUnits(root: ValueAt, version: IgnitionVersion, report: Report): void {
  for (const unit of itemsOf(root, 'systemd', 'units')) {
    checkUnit(unit, SYSTEMD, version, report);
    const enabled = at(unit, 'enabled').value === true || at(unit, 'enable').value === true;
    const contents = textAt(unit, 'contents');
    if (enabled && contents !== '' && !/^\[Install\]/m.test(contents)) {
      const remedy = 'add [Install] with WantedBy=multi-user.target';
      report('warning', at(unit, 'contents'), 'an enabled unit without [Install] is never started', remedy);
    }
  }
  for (const unit of itemsOf(root, 'networkd', 'units')) checkUnit(unit, NETWORKD, version, report);
}

function checkUnit(unit: ValueAt, suffixes: readonly string[], version: IgnitionVersion, report: Report): void {
  const name = at(unit, 'name');
  if (typeof name.value === 'string' && !suffixes.some((suffix) => String(name.value).endsWith(`.${suffix}`))) {
    report(
      'error',
      name,
      `${shown(name.value)} is no unit name`,
      `end it with .${suffixes.slice(0, 5).join(', .')} ...`,
    );
  }
  checkText(at(unit, 'contents'), report);
  const names = new Set<string>();
  for (const dropin of itemsOf(unit, 'dropins')) {
    const file = at(dropin, 'name');
    const text = textAt(dropin, 'name');
    if (typeof file.value === 'string' && !text.endsWith('.conf')) {
      report('error', file, `${shown(text)} is no drop-in name`, 'end it with .conf');
    }
    if (names.has(text)) {
      report(
        version.major === 3 ? 'error' : 'warning',
        file,
        `the drop-in ${shown(text)} stands here twice`,
        'make them one',
      );
    }
    names.add(text);
    checkText(at(dropin, 'contents'), report);
  }
}

function checkText(contents: ValueAt, report: Report): void {
  const wrong = typeof contents.value === 'string' ? unitFileProblem(contents.value, 'ignition') : undefined;
  if (wrong !== undefined) report(wrong.fatal ? 'error' : 'warning', contents, wrong.message, 'see systemd.syntax(7)');
}

function at(place: ValueAt, ...steps: Path): ValueAt {
  return { path: [...place.path, ...steps], value: valueAt(place.value, steps) };
}

/** The items of a list; none when it is no list. */
function itemsOf(place: ValueAt, ...steps: Path): readonly ValueAt[] {
  const list = at(place, ...steps);
  if (!Array.isArray(list.value)) return [];
  return list.value.map((value: unknown, i) => ({ path: [...list.path, i], value }));
}

/** Text, or the empty string for everything else. */
function textAt(place: ValueAt, ...steps: Path): string {
  const { value } = at(place, ...steps);
  return typeof value === 'string' ? value : '';
}
