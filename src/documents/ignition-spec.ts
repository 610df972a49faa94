import { type SchemaCheck, schemaCheck } from '../text/check-schema.ts';

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

/**
 * The fields of all twelve versions, from config/v*\/schema/ignition.json of github.com/coreos/ignition and flatcar/ignition;
 * why not those files: docs/decisions/0013. A type is a list of `name:type` words. A type in brackets is a list of it;
 * `!`: required, `!3`: since minor version 3; `@2`: exists since minor version 2, `@0-2`: until 2. A field that is null
 * is one that is not there; `?`: an item of the list may be null.
 */
type FieldTable = Readonly<Record<string, string>>;

const NODE_2 = 'filesystem!3:string path!3:string overwrite:bool@2 user:owner group:owner';
const ACCOUNT_2 =
  'gecos:string homeDir:string noCreateHome:bool primaryGroup:string groups:[string] noUserGroup:bool system:bool ' +
  'noLogInit:bool shell:string';

/** Spec 2.0.0 to 2.4.0: Container Linux; Flatcar still takes them. */
const SPEC_2: FieldTable = {
  root: 'ignition!:ignition storage:storage systemd:systemd networkd:networkd passwd:passwd',
  ignition: 'version!:string config:config timeouts:timeouts@1 security:security@2 proxy:proxy@4',
  config: 'append:[reference?] replace:reference',
  reference: 'source!3:string httpHeaders:[header]@4 verification:verification',
  verification: 'hash:string',
  header: 'name!:string value!:string',
  timeouts: 'httpResponseHeaders:int httpTotal:int',
  security: 'tls:tls',
  tls: 'certificateAuthorities:[reference?]',
  proxy: 'httpProxy:string httpsProxy:string noProxy:[string]',
  storage: 'disks:[disk] raid:[raid] filesystems:[filesystem] files:[file] directories:[directory]@1 links:[link]@1',
  disk: 'device!3:string wipeTable:bool partitions:[partition]',
  partition:
    'label:string number:int size:int start:int sizeMiB:int@3 startMiB:int@3 typeGuid:string guid:string@1 ' +
    'wipePartitionEntry:bool@3 shouldExist:bool@3',
  raid: 'name!3:string level!3:string spares:int devices!3:[string] options:[string]@2',
  filesystem: 'name:string mount:mount path:string',
  mount:
    'device!3:string format!3:string options:[string]@1 wipeFilesystem:bool@1 label:string@1 uuid:string@1 create:mkfs',
  mkfs: 'force:bool options:[string]',
  file: `${NODE_2} mode:int contents:contents append:bool@2`,
  directory: `${NODE_2} mode:int`,
  link: `${NODE_2} target!3:string hard:bool`,
  owner: 'id:int name:string@1',
  contents: 'compression:string source:string httpHeaders:[header]@4 verification:verification',
  systemd: 'units:[unit]',
  unit: 'name!3:string enable:bool enabled:bool@1 mask:bool contents:string dropins:[dropin]',
  dropin: 'name!3:string contents:string',
  networkd: 'units:[networkUnit]',
  networkUnit: 'name!3:string contents:string dropins:[dropin]@2',
  passwd: 'users:[user] groups:[group]',
  user:
    'name!3:string passwordHash:string sshAuthorizedKeys:[string] create:account uid:int@1 ' +
    ACCOUNT_2.replaceAll(/(?= |$)/g, '@1'),
  account: `uid:int ${ACCOUNT_2}`,
  group: 'name!3:string gid:int passwordHash:string system:bool',
};

const NODE_3 = 'path!:string overwrite:bool user:owner group:owner';

/** Spec 3.0.0 to 3.6.0: Fedora CoreOS, Flatcar. */
const SPEC_3: FieldTable = {
  root: 'ignition!:ignition storage:storage systemd:systemd passwd:passwd kernelArguments:kernelArguments@3',
  ignition: 'version!:string config:config timeouts:timeouts security:security proxy:proxy@1',
  config: 'merge:[reference]@0-0 merge:[resource]@1 replace:reference@0-0 replace:resource@1',
  reference: 'source!:string verification:verification',
  resource: 'source:string compression:string httpHeaders:[header]@1 verification:verification',
  verification: 'hash:string',
  header: 'name!:string value:string',
  timeouts: 'httpResponseHeaders:int httpTotal:int',
  security: 'tls:tls',
  tls: 'certificateAuthorities:[reference?]@0-0 certificateAuthorities:[resource]@1',
  proxy: 'httpProxy:string httpsProxy:string noProxy:[string?]@0-3 noProxy:[string]@4',
  storage:
    'disks:[disk] raid:[raid] luks:[luks]@2 filesystems:[filesystem] files:[file] directories:[directory] links:[link]',
  disk: 'device!:string wipeTable:bool partitions:[partition]',
  partition:
    'label:string number:int sizeMiB:int startMiB:int typeGuid:string guid:string wipePartitionEntry:bool ' +
    'shouldExist:bool resize:bool@2',
  raid: 'name!:string level!:string@0-2 level:string@3 spares:int devices!:[string]@0-2 devices:[string]@3 options:[string]',
  luks:
    'name!:string label:string uuid:string device:string keyFile:resource wipeVolume:bool clevis:clevis cex:cex@5 ' +
    'options:[string] discard:bool@4 openOptions:[string]@4',
  clevis: 'custom:pin tpm2:bool tang:[tang] threshold:int',
  pin: 'pin!:string@2-2 pin:string@3 config!:string@2-2 config:string@3 needsNetwork:bool',
  tang: 'url:string thumbprint:string advertisement:string@4',
  cex: 'enabled:bool',
  filesystem:
    'path:string device!:string format:string options:[string] mountOptions:[string]@1 wipeFilesystem:bool ' +
    'label:string uuid:string',
  file: `${NODE_3} mode:int contents:resource append:[resource]`,
  directory: `${NODE_3} mode:int`,
  link: `${NODE_3} target!:string@0-2 target:string@3 hard:bool`,
  owner: 'id:int name:string',
  systemd: 'units:[unit]',
  unit: 'name!:string enabled:bool mask:bool contents:string dropins:[dropin]',
  dropin: 'name!:string contents:string',
  kernelArguments: 'shouldExist:[string] shouldNotExist:[string]',
  passwd: 'users:[user] groups:[group]',
  user: `name!:string passwordHash:string sshAuthorizedKeys:[string] uid:int ${ACCOUNT_2} shouldExist:bool@2`,
  group: 'name!:string gid:int passwordHash:string system:bool shouldExist:bool@2',
};

const CHECKS: ReadonlyMap<string, SchemaCheck> = new Map(
  [...IGNITION_VERSIONS.keys()].map((version) => {
    const lazy: SchemaCheck = (value) => (check ??= schemaCheck(ignitionSchema(version)))(value);
    let check: SchemaCheck | undefined;
    return [version, lazy];
  }),
);

/** Checks a document of this version, in which no key is null; undefined for a version that there is not. */
export function ignitionCheck(version: string): SchemaCheck | undefined {
  return CHECKS.get(version);
}

/** The JSON Schema (draft-07) of one of the versions. */
export function ignitionSchema(version: string): object {
  const { major, minor } = IGNITION_VERSIONS.get(version) ?? { major: 3, minor: 0 };
  const definitions: Record<string, object> = {};
  for (const [name, type] of Object.entries({ string: 'string', int: 'integer', bool: 'boolean' })) {
    definitions[name] = { type };
    definitions[`${name}-or-null`] = { type: [type, 'null'] };
  }
  for (const [name, words] of Object.entries(major === 2 ? SPEC_2 : SPEC_3)) {
    const fields = words.split(' ').flatMap((word) => readField(word, minor) ?? []);
    const map = {
      properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
      required: fields.filter((field) => field.required).map((field) => field.name),
      additionalProperties: false,
    };
    definitions[name] = { type: 'object', ...map };
    definitions[`${name}-or-null`] = { type: ['object', 'null'], ...map };
  }
  return { $ref: '#/definitions/root', definitions };
}

function readField(
  word: string,
  minor: number,
): { readonly name: string; readonly required: boolean; readonly schema: object } | undefined {
  const [, name = '', required, since, list, type = '', nullable, from, until] =
    /^(\w+)(!(\d)?)?:(\[)?(\w+)(\?)?\]?(?:@(\d)(?:-(\d))?)?$/.exec(word) ?? [];
  if (minor < Number(from ?? 0) || minor > Number(until ?? Infinity)) return undefined;
  const one = { $ref: `#/definitions/${type}${nullable === undefined ? '' : '-or-null'}` };
  const schema = list === undefined ? one : { type: 'array', items: one };
  return { name, required: required !== undefined && minor >= Number(since ?? 0), schema };
}
