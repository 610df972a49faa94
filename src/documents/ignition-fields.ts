import { type Path, shown } from './finding.ts';

/**
 * Ignition's configuration, version by version. A type is a list of `name:type` words: `s` text, `i` whole number, `b`
 * true or false, `[x]` a list, any other word a type of this table; `?` may be null; `!` is required, `!3` since minor
 * version 3; `@2` exists since minor version 2, `@0-2` until 2.
 */
type FieldTable = Readonly<Record<string, string>>;

const NODE_2 = 'filesystem!3:s path!3:s overwrite:b?@2 user:owner@0-1 user:owner?@2 group:owner@0-1 group:owner?@2';
const ACCOUNT_2 =
  'gecos:s homeDir:s noCreateHome:b primaryGroup:s groups:[s] noUserGroup:b system:b noLogInit:b shell:s';

/** Spec 2.0.0 to 2.4.0: Container Linux; Flatcar still takes them. */
const SPEC_2: FieldTable = {
  root: 'ignition!:ignition storage:storage systemd:systemd networkd:networkd passwd:passwd',
  ignition: 'version!:s config:config timeouts:timeouts@1 security:security@2 proxy:proxy@4',
  config: 'append:[reference?] replace:reference?',
  reference: 'source!3:s httpHeaders:[header]@4 verification:verification',
  verification: 'hash:s?',
  header: 'name!:s value!:s',
  timeouts: 'httpResponseHeaders:i? httpTotal:i?',
  security: 'tls:tls',
  tls: 'certificateAuthorities:[reference?]',
  proxy: 'httpProxy:s httpsProxy:s noProxy:[s]',
  storage: 'disks:[disk] raid:[raid] filesystems:[filesystem] files:[file] directories:[directory]@1 links:[link]@1',
  disk: 'device!3:s wipeTable:b partitions:[partition]',
  partition:
    'label:s@0-2 label:s?@3 number:i size:i@0-2 size:i?@3 start:i@0-2 start:i?@3 sizeMiB:i?@3 startMiB:i?@3 ' +
    'typeGuid:s guid:s@1 wipePartitionEntry:b@3 shouldExist:b?@3',
  raid: 'name!3:s level!3:s spares:i devices!3:[s] options:[s]@2',
  filesystem: 'name:s mount:mount? path:s?',
  mount: 'device!3:s format!3:s options:[s]@1 wipeFilesystem:b@1 label:s?@1 uuid:s?@1 create:mkfs?',
  mkfs: 'force:b options:[s]',
  file: `${NODE_2} mode:i@0-1 mode:i?@2 contents:contents append:b@2`,
  directory: `${NODE_2} mode:i@0-1 mode:i?@2`,
  link: `${NODE_2} target!3:s hard:b`,
  owner: 'id:i? name:s@1',
  contents: 'compression:s source:s httpHeaders:[header]@4 verification:verification',
  systemd: 'units:[unit]',
  unit: 'name!3:s enable:b enabled:b?@1 mask:b contents:s dropins:[dropin]',
  dropin: 'name!3:s contents:s',
  networkd: 'units:[networkUnit]',
  networkUnit: 'name!3:s contents:s dropins:[dropin]@2',
  passwd: 'users:[user] groups:[group]',
  user: `name!3:s passwordHash:s? sshAuthorizedKeys:[s] create:account? uid:i?@1 ${ACCOUNT_2.replaceAll(/(?= |$)/g, '@1')}`,
  account: `uid:i? ${ACCOUNT_2}`,
  group: 'name!3:s gid:i? passwordHash:s system:b',
};

const NODE_3 = 'path!:s overwrite:b? user:owner group:owner';

/** Spec 3.0.0 to 3.6.0: Fedora CoreOS, Flatcar. */
const SPEC_3: FieldTable = {
  root: 'ignition!:ignition storage:storage systemd:systemd passwd:passwd kernelArguments:kernelArguments@3',
  ignition: 'version!:s config:config timeouts:timeouts security:security proxy:proxy@1',
  config: 'merge:[reference]@0-0 merge:[resource]@1 replace:reference@0-0 replace:resource@1',
  reference: 'source!:s? verification:verification',
  resource: 'source:s? compression:s? httpHeaders:[header]@1 verification:verification',
  verification: 'hash:s?',
  header: 'name!:s value:s?',
  timeouts: 'httpResponseHeaders:i? httpTotal:i?',
  security: 'tls:tls',
  tls: 'certificateAuthorities:[reference?]@0-0 certificateAuthorities:[resource]@1',
  proxy: 'httpProxy:s? httpsProxy:s? noProxy:[s?]@0-3 noProxy:[s]@4',
  storage:
    'disks:[disk] raid:[raid] luks:[luks]@2 filesystems:[filesystem] files:[file] directories:[directory] links:[link]',
  disk: 'device!:s wipeTable:b? partitions:[partition]',
  partition:
    'label:s? number:i sizeMiB:i? startMiB:i? typeGuid:s? guid:s? wipePartitionEntry:b? shouldExist:b? resize:b?@2',
  raid: 'name!:s level!:s@0-2 level:s?@3 spares:i? devices!:[s]@0-2 devices:[s]@3 options:[s]',
  luks:
    'name!:s label:s? uuid:s? device:s? keyFile:resource wipeVolume:b? clevis:clevis?@2-2 clevis:clevis@3 cex:cex@5 ' +
    'options:[s] discard:b?@4 openOptions:[s]@4',
  clevis: 'custom:pin?@2-2 custom:pin@3 tpm2:b? tang:[tang] threshold:i?',
  pin: 'pin!:s@2-2 pin:s?@3 config!:s@2-2 config:s?@3 needsNetwork:b?',
  tang: 'url:s thumbprint:s? advertisement:s?@4',
  cex: 'enabled:b?',
  filesystem: 'path:s? device!:s format:s? options:[s] mountOptions:[s]@1 wipeFilesystem:b? label:s? uuid:s?',
  file: `${NODE_3} mode:i? contents:resource append:[resource]`,
  directory: `${NODE_3} mode:i?`,
  link: `${NODE_3} target!:s@0-2 target:s?@3 hard:b?`,
  owner: 'id:i? name:s?',
  systemd: 'units:[unit]',
  unit: 'name!:s enabled:b? mask:b? contents:s? dropins:[dropin]',
  dropin: 'name!:s contents:s?',
  kernelArguments: 'shouldExist:[s] shouldNotExist:[s]',
  passwd: 'users:[user] groups:[group]',
  user:
    'name!:s passwordHash:s? sshAuthorizedKeys:[s] uid:i? gecos:s? homeDir:s? noCreateHome:b? primaryGroup:s? ' +
    'groups:[s] noUserGroup:b? system:b? noLogInit:b? shell:s? shouldExist:b?@2',
  group: 'name!:s gid:i? passwordHash:s? system:b? shouldExist:b?@2',
};

export interface IgnitionVersion {
  readonly major: 2 | 3;
  readonly minor: number;
  /** `oem://` in version 3 as well: Flatcar put it back ("Revert drop OEM URI support"). */
  readonly oem?: boolean;
}

export const IGNITION_VERSIONS: ReadonlyMap<string, IgnitionVersion> = new Map<string, IgnitionVersion>([
  ...[0, 1, 2, 3, 4].map((minor) => [`2.${minor}.0`, { major: 2, minor }] as const),
  ...[0, 1, 2, 3, 4, 5, 6].map((minor) => [`3.${minor}.0`, { major: 3, minor }] as const),
]);

export interface Field {
  readonly name: string;
  readonly required: boolean;
  /** A letter or a type of the table, without brackets and question marks. */
  readonly type: string;
  readonly list: boolean;
  /** The value itself, or a list's items, may be null. */
  readonly nullable: boolean;
}

/** The types of one version. */
export function fieldsOf({ major, minor }: IgnitionVersion): ReadonlyMap<string, readonly Field[]> {
  const table = major === 2 ? SPEC_2 : SPEC_3;
  return new Map(
    Object.entries(table).map(([type, words]) => [
      type,
      words.split(' ').flatMap((word) => readField(word, minor) ?? []),
    ]),
  );
}

function readField(word: string, minor: number): Field | undefined {
  const [, name = '', required, since, list, type = '', nullable, from, until] =
    /^(\w+)(!(\d)?)?:(\[)?(\w+)(\?)?\]?(?:@(\d)(?:-(\d))?)?$/.exec(word) ?? [];
  const last = until === undefined ? Infinity : Number(until);
  if (from !== undefined && (minor < Number(from) || minor > last)) return undefined;
  const needed = required !== undefined && minor >= Number(since ?? 0);
  return { name, required: needed, type, list: list !== undefined, nullable: nullable !== undefined };
}

/** A value of a parsed document with the path that leads to it. */
export interface MatchedMachine {
  readonly path: Path;
  readonly value: unknown;
}

/** Where a rule says what it found. */
export interface Report {
  error(place: MatchedMachine, message: string, remedy: string): void;
  warn(place: MatchedMachine, message: string, remedy: string): void;
}

/** What a key holds; undefined where there is no such key or nothing to look into. Never a prototype's property. */
export function at(matched: MatchedMachine, ...steps: Path): MatchedMachine {
  let { value } = matched;
  for (const step of steps) {
    const map = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = map ? (value as Readonly<Record<string | number, unknown>>)[step] : undefined;
  }
  return { path: [...matched.path, ...steps], value };
}

/** The items of a list; none when it is no list. */
export function itemsOf(matched: MatchedMachine, ...steps: Path): readonly MatchedMachine[] {
  const list = at(matched, ...steps);
  if (!Array.isArray(list.value)) return [];
  return list.value.map((value: unknown, i) => ({ path: [...list.path, i], value }));
}

/** Text, or the empty string for everything else. */
export function textAt(matched: MatchedMachine, ...steps: Path): string {
  const { value } = at(matched, ...steps);
  return typeof value === 'string' ? value : '';
}

/** Everything that Ignition fetches: contents of files, further configurations, certificates, key files. */
export function checkResources(root: MatchedMachine, version: IgnitionVersion, report: Report): void {
  const config = at(root, 'ignition', 'config');
  const certificates = itemsOf(root, 'ignition', 'security', 'tls', 'certificateAuthorities');
  const configs = [...itemsOf(config, 'append'), ...itemsOf(config, 'merge'), at(config, 'replace'), ...certificates];
  for (const place of configs) {
    if (place.value === undefined || place.value === null) continue;
    if (textAt(place, 'source') === '') report.error(place, 'there is no "source"', 'name the URL that holds it');
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
    report.error(proxy, `${shown(proxy.value)} is no proxy`, 'write http://HOST:PORT');
  }
}

function checkResource(resource: MatchedMachine, version: IgnitionVersion, report: Report): void {
  const source = at(resource, 'source');
  const wrong = typeof source.value === 'string' ? sourceProblem(source.value, version) : undefined;
  if (wrong !== undefined) {
    const data = typeof source.value === 'string' && /^data:/i.test(source.value);
    report.error(source, wrong, data ? 'encode it anew' : `schemes: ${schemes(version).join(', ')}`);
  }
  const compression = at(resource, 'compression');
  if (typeof compression.value === 'string' && !['', 'gzip'].includes(compression.value)) {
    report.error(
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
function checkHash(hash: MatchedMachine, text: string, { major, minor }: IgnitionVersion, report: Report): void {
  const allowed = major === 3 && minor >= 1 ? ['sha512', 'sha256'] : ['sha512'];
  const [, name = '', digits = ''] = /^([^-]*)-(.*)$/s.exec(text) ?? [];
  if (!allowed.includes(name)) {
    report.error(
      hash,
      `${shown(text)} is no hash of this version`,
      `write ${allowed.join('- or ')}- and hexadecimal digits`,
    );
  } else if (digits.length !== DIGITS[name] || !/^[0-9a-f]*$/i.test(digits)) {
    report.error(hash, `a ${name} hash has ${DIGITS[name] ?? 0} hexadecimal digits`, `copy it anew: ${name}sum FILE`);
  }
}
