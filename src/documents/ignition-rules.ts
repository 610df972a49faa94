import { valueAt } from '../text/json.ts';
import { type Path, shown } from '../text/text.ts';
import type { IgnitionVersion } from './ignition-spec.ts';
import { unitFileProblem } from './units.ts';

/** A value of a parsed document with the path that leads to it. */
interface ValueAt {
  readonly path: Path;
  readonly value: unknown;
}
type TextAt = ValueAt & { readonly value: string };

/** How a rule says what it found. */
type Report = (severity: 'error' | 'warning', place: ValueAt, message: string, remedy: string) => void;

/** What Ignition itself refuses or stumbles over and no JSON Schema can say. */
export function checkIgnitionRules(value: unknown, version: IgnitionVersion, report: Report): void {
  const root: ValueAt = { path: [], value };
  checkResources(root, version, report);
  checkUnits(root, version, report);
  checkDuplicates(root, version, report);
  checkPaths(root, version, report);
  if (version.major === 3) checkLinks(root, report);
  else checkFilesystemNames(root, report);
  for (const list of ['files', 'directories']) {
    for (const mode of select(root, `storage.${list}.*.mode`)) checkMode(mode, report);
  }
  checkWords(texts(root, 'storage.raid.*.level'), 'RAID level', RAID_LEVELS, report);
  if (version.major === 2) return;
  const formats = version.minor < 3 ? FORMATS : [...FORMATS, 'none'];
  const named = texts(root, 'storage.filesystems.*.format').filter((format) => format.value !== '');
  checkWords(named, 'filesystem format', formats, report);
}

const RAID_LEVELS = 'linear raid0 0 stripe raid1 1 mirror raid4 4 raid5 5 raid6 6 raid10 10'.split(' ');
const FORMATS = ['ext4', 'btrfs', 'xfs', 'vfat', 'swap'];

function checkWords(places: readonly TextAt[], what: string, known: readonly string[], report: Report): void {
  for (const place of places) {
    if (known.includes(place.value)) continue;
    report('error', place, `the ${what} ${shown(place.value)} is unknown`, `one of ${known.join(', ')}`);
  }
}

/** Lists whose items have a name of their own. Spec 3 refuses duplicates; spec 2 does one after the other. */
const NAMED = [
  'passwd.users.*.name',
  'passwd.groups.*.name',
  'storage.disks.*.device',
  'storage.raid.*.name',
  'storage.luks.*.name',
  'systemd.units.*.name',
  'networkd.units.*.name',
];

function checkDuplicates(root: ValueAt, { major }: IgnitionVersion, report: Report): void {
  const severity = major === 3 ? 'error' : 'warning';
  for (const path of major === 3 ? [...NAMED, 'storage.filesystems.*.device'] : NAMED) {
    const seen = new Set(['']);
    for (const place of texts(root, path)) {
      const { value, path: at } = place;
      if (seen.has(value) && value !== '') {
        report(severity, place, `${String(at.at(-1))} ${shown(value)} stands here twice`, 'make them one');
      }
      seen.add(value);
    }
  }
  const seen = new Set<string>();
  for (const node of nodes(root)) {
    const path = textAt(node, 'path');
    // In spec 2 a path belongs to a filesystem, and a file may be appended to by others.
    const where = `${textAt(node, 'filesystem')} ${path}`;
    const appends = major === 2 && at(node, 'append').value === true;
    if (seen.has(where) && !appends) {
      report(severity, at(node, 'path'), `path ${shown(path)} stands here twice`, 'keep one of them');
    }
    if (path !== '') seen.add(where);
  }
}

/** Files, directories and links: one name space. */
function nodes(root: ValueAt): readonly ValueAt[] {
  return ['files', 'directories', 'links'].flatMap((list) => select(root, `storage.${list}.*`));
}

const PATHS = ['storage.disks.*.device', 'storage.raid.*.devices.*', 'storage.luks.*.device'];

function checkPaths(root: ValueAt, { major }: IgnitionVersion, report: Report): void {
  const device = major === 3 ? 'storage.filesystems.*.device' : 'storage.filesystems.*.mount.device';
  const mounts = texts(root, 'storage.filesystems.*.path').filter(({ value }) => value !== '');
  const places = [
    ...nodes(root).flatMap((node) => texts(node, 'path')),
    ...[...PATHS, device].flatMap((path) => texts(root, path)),
    ...mounts,
  ];
  for (const place of places) {
    if (place.value.startsWith('/')) continue;
    report('error', place, `${shown(place.value)} is no absolute path`, 'begin it with "/"');
  }
  for (const file of select(root, 'storage.files.*')) {
    if (at(file, 'overwrite').value !== true) continue;
    if (major === 2 && at(file, 'append').value === true) {
      report('error', file, 'a file is appended to or overwritten, not both', 'remove "append" or "overwrite"');
    }
    if (major === 3 && typeof at(file, 'contents', 'source').value !== 'string') {
      report('error', file, '"overwrite" needs "contents.source"', 'write "data:," as the source of an empty file');
    }
  }
}

/** A file below a link of the same document would land wherever the link leads. */
function checkLinks(root: ValueAt, report: Report): void {
  const trimmed = (path: string): string => path.replace(/\/+$/, '');
  const links = new Set(texts(root, 'storage.links.*.path').map(({ value }) => trimmed(value)));
  links.delete('');
  if (links.size === 0) return;
  for (const place of nodes(root).flatMap((node) => texts(node, 'path'))) {
    const path = trimmed(place.value);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      if (!links.has(parent)) continue;
      report('error', place, `${shown(path)} lies below the link ${shown(parent)}`, 'write where it leads to');
      break;
    }
  }
}

function checkFilesystemNames(root: ValueAt, report: Report): void {
  // Container Linux defines these two itself.
  const names = new Set(['', 'root', 'oem', ...texts(root, 'storage.filesystems.*.name').map(({ value }) => value)]);
  for (const place of nodes(root).flatMap((node) => texts(node, 'filesystem'))) {
    if (names.has(place.value)) continue;
    const remedy = 'define it in storage.filesystems, or write "root"';
    report('warning', place, `there is no filesystem ${shown(place.value)} in this document`, remedy);
  }
}

function checkMode(mode: ValueAt, report: Report): void {
  const { value } = mode;
  if (typeof value !== 'number' || !Number.isInteger(value)) return;
  const remedy = `JSON numbers are decimal: 0${value} is ${Number.parseInt(String(value), 8)}`;
  if (value < 0 || value > 0o7777) {
    const meant = /^[0-7]{3,5}$/.test(String(value)) ? remedy : 'a mode is at most 4095 (07777)';
    report('error', mode, `${value} is no file mode`, meant);
  } else if (looksOctal(value)) report('warning', mode, `the mode ${value} means 0${value.toString(8)}`, remedy);
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

/** Everything that Ignition fetches: contents of files, further configurations, certificates, key files. */
function checkResources(root: ValueAt, version: IgnitionVersion, report: Report): void {
  const configs = [
    'ignition.config.append.*',
    'ignition.config.merge.*',
    'ignition.config.replace',
    'ignition.security.tls.certificateAuthorities.*',
  ].flatMap((path) => select(root, path));
  for (const place of configs) {
    if (place.value === undefined || place.value === null) continue;
    if (textAt(place, 'source') === '') report('error', place, 'there is no "source"', 'name the URL that holds it');
    checkResource(place, version, report);
  }
  for (const path of ['storage.files.*.contents', 'storage.files.*.append.*', 'storage.luks.*.keyFile']) {
    for (const place of select(root, path)) checkResource(place, version, report);
  }
  for (const key of ['httpProxy', 'httpsProxy']) {
    for (const proxy of texts(root, `ignition.proxy.${key}`)) {
      if (/^https?:\/\//.test(proxy.value)) continue;
      report('error', proxy, `${shown(proxy.value)} is no proxy`, 'write http://HOST:PORT');
    }
  }
}

function checkResource(resource: ValueAt, version: IgnitionVersion, report: Report): void {
  for (const source of texts(resource, 'source')) {
    const wrong = sourceProblem(source.value, version);
    const remedy = /^data:/i.test(source.value) ? 'encode it anew' : `schemes: ${schemes(version).join(', ')}`;
    if (wrong !== undefined) report('error', source, wrong, remedy);
  }
  for (const compression of texts(resource, 'compression')) {
    if (['', 'gzip'].includes(compression.value)) continue;
    const message = `the compression ${shown(compression.value)} is unknown`;
    report('error', compression, message, 'write "gzip", or leave it out');
  }
  for (const hash of texts(resource, 'verification.hash')) checkHash(hash, version, report);
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
function checkHash(hash: TextAt, { major, minor }: IgnitionVersion, report: Report): void {
  const allowed = major === 3 && minor >= 1 ? ['sha512', 'sha256'] : ['sha512'];
  const [, name = '', digits = ''] = /^([^-]*)-(.*)$/s.exec(hash.value) ?? [];
  if (!allowed.includes(name)) {
    report(
      'error',
      hash,
      `${shown(hash.value)} is no hash of this version`,
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
function checkUnits(root: ValueAt, version: IgnitionVersion, report: Report): void {
  for (const unit of select(root, 'systemd.units.*')) {
    checkUnit(unit, SYSTEMD, version, report);
    const enabled = at(unit, 'enabled').value === true || at(unit, 'enable').value === true;
    const contents = textAt(unit, 'contents');
    if (enabled && contents !== '' && !/^\[Install\]/m.test(contents)) {
      const remedy = 'add [Install] with WantedBy=multi-user.target';
      report('warning', at(unit, 'contents'), 'an enabled unit without [Install] is never started', remedy);
    }
  }
  for (const unit of select(root, 'networkd.units.*')) checkUnit(unit, NETWORKD, version, report);
}

function checkUnit(unit: ValueAt, suffixes: readonly string[], { major }: IgnitionVersion, report: Report): void {
  for (const name of texts(unit, 'name')) {
    if (suffixes.some((suffix) => name.value.endsWith(`.${suffix}`))) continue;
    const remedy = `end it with .${suffixes.slice(0, 5).join(', .')} ...`;
    report('error', name, `${shown(name.value)} is no unit name`, remedy);
  }
  const names = new Set<string>();
  for (const file of select(unit, 'dropins.*')) {
    const text = textAt(file, 'name');
    for (const name of texts(file, 'name')) {
      if (!text.endsWith('.conf')) report('error', name, `${shown(text)} is no drop-in name`, 'end it with .conf');
    }
    if (names.has(text)) {
      const severity = major === 3 ? 'error' : 'warning';
      report(severity, at(file, 'name'), `the drop-in ${shown(text)} stands here twice`, 'make them one');
    }
    names.add(text);
  }
  for (const contents of [...texts(unit, 'contents'), ...texts(unit, 'dropins.*.contents')]) {
    const wrong = unitFileProblem(contents.value, 'ignition');
    if (wrong === undefined) continue;
    report(wrong.fatal ? 'error' : 'warning', contents, wrong.message, 'see systemd.syntax(7)');
  }
}

function at(place: ValueAt, ...steps: Path): ValueAt {
  return { path: [...place.path, ...steps], value: valueAt(place.value, steps) };
}

/** Text, or the empty string for everything else. */
function textAt(place: ValueAt, key: string): string {
  const { value } = at(place, key);
  return typeof value === 'string' ? value : '';
}

/** What a path leads to; `*` stands for each item of a list. */
function select(root: ValueAt, path: string): readonly ValueAt[] {
  let places: readonly ValueAt[] = [root];
  for (const step of path.split('.')) {
    places = places.flatMap((place) => {
      if (step !== '*') return [at(place, step)];
      return Array.isArray(place.value) ? place.value.map((_, i) => at(place, i)) : [];
    });
  }
  return places;
}

function texts(root: ValueAt, path: string): readonly TextAt[] {
  return select(root, path).filter((place): place is TextAt => typeof place.value === 'string');
}
