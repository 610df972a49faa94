import { createRequire } from 'node:module';
import { nearest } from '../model/name.ts';
import type { SystemId } from '../model/profile.ts';
import { schemaCheck, typeWords, valueWords, type Violation } from './check-schema.ts';
import { checkCloudConfigRules } from './cloud-config-rules.ts';
import { type Findings, type Path, shown } from './finding.ts';
import { emptyPlatformVariables, nearlyPlatformVariables } from './platform-variables.ts';
import { locate, readYaml, type YamlMap, type YamlNode } from './yaml-tree.ts';

/** The part of JSON Schema that coreos-cloud-config.schema.json uses. */
interface SchemaNode {
  readonly $ref?: string;
  readonly allOf?: readonly SchemaNode[];
  readonly type?: string | readonly string[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly deprecated?: boolean;
  readonly description?: string;
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
}

// `require` reads JSON without the warning that `import ... with { type: 'json' }` prints on Node 20.
const SCHEMA = createRequire(import.meta.url)('./coreos-cloud-config.schema.json') as SchemaNode;

/** Every key and type that coreos-cloudinit knows. */
export const cloudConfigSchema: SchemaNode = SCHEMA;
export const checkCloudConfigSchema = schemaCheck(SCHEMA);

/** Follows `$ref`, and `allOf` with one entry (which is how draft-07 puts words beside a `$ref`). */
export function resolved(node: SchemaNode | undefined): SchemaNode | undefined {
  let at = node;
  while (at !== undefined) {
    const next =
      at.allOf?.[0] ?? (at.$ref === undefined ? undefined : SCHEMA.definitions?.[at.$ref.replace(/^.*\//, '')]);
    if (next === undefined) return at;
    at = next;
  }
  return undefined;
}

/** What the schema says of a key; unresolved, so that `deprecated` is still there. */
export function childSchema(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const map = resolved(node);
  if (map?.properties !== undefined && Object.hasOwn(map.properties, key)) return map.properties[key];
  return Object.entries(map?.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(key))?.[1];
}

/** The keys of a map, underscored. */
export function knownKeys(node: SchemaNode | undefined): readonly string[] {
  const map = resolved(node);
  const patterns = Object.keys(map?.patternProperties ?? {});
  return [
    ...Object.keys(map?.properties ?? {}),
    ...patterns.map((key) => key.replaceAll('[-_]', '_').replaceAll(/[$^]/g, '')),
  ];
}

export interface CloudConfigTarget {
  readonly system?: SystemId;
  /** The listed node that the text is for; undefined when it is looked at by itself. */
  readonly node?: { readonly name: string; readonly ip?: string };
}

/**
 * What coreos-cloudinit would say of a text, and what it would not say and do all the same. As there, a pattern that is
 * not met, a path below /usr and content that cannot be decoded are errors; unknown keys, wrong types and deprecated
 * keys are warnings: the machine ignores them and does the rest.
 */
export function checkCloudConfig(text: string, target: CloudConfigTarget, findings: Findings): void {
  switch (cloudConfigKind(text)) {
    case 'empty':
      findings.warn('the document is empty: the machine is not configured', { remedy: 'begin with "#cloud-config"' });
      return;
    case 'script':
      return;
    case 'multipart':
      if (target.system === 'flatcar') return;
      findings.error('only Flatcar reads MIME multipart', { offset: 0, remedy: 'write one "#cloud-config" document' });
      return;
    case 'ignition':
      findings.error('this is Ignition JSON; coreos-cloudinit leaves it alone', {
        offset: 0,
        remedy: 'name the document with "ignition" in the profile, not with "cloud_config"',
      });
      return;
    case 'unknown':
      findings.error('the first line must be exactly "#cloud-config"', { offset: 0, remedy: headerRemedy(text) });
      return;
    case 'cloud-config':
      checkBody(text, target, findings);
  }
}

/** Whatever reads the text: the server fills these in for every cloud-config of a listed node. */
export function checkVariables(text: string, { node }: CloudConfigTarget, findings: Findings): void {
  for (const { name, meant, offset } of nearlyPlatformVariables(text)) {
    findings.warn(`${name} is no variable: it stays as it is`, { offset, remedy: `write ${meant}` });
  }
  if (node === undefined) return;
  for (const { name, offset } of emptyPlatformVariables(text, { ip: node.ip })) {
    findings.error(`${name} has no value: the node "${node.name}" has no ${name.endsWith('6') ? 'IPv6 ' : ''}ip`, {
      offset,
      remedy: `give the node an "ip" in its profile, or write \\${name} for the word itself`,
    });
  }
}

function checkBody(text: string, target: CloudConfigTarget, findings: Findings): void {
  // Flatcar reads with yaml.v3, to which a second key is an error; CoreOS' reader took the last one.
  const tree = readYaml(text, findings, target.system === 'flatcar' ? 'error' : 'warning');
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) return;
  if (tree.kind !== 'map') {
    findings.error(`the document is ${tree.kind === 'list' ? 'a list' : 'one line of text'}, not a map of keys`, {
      offset: tree.offset,
      remedy: 'write keys such as "hostname: a"',
    });
    return;
  }
  const spellings: Spelling[] = [];
  const value = plainValue(tree, cloudConfigSchema, [], { findings, spellings });
  const violations = checkCloudConfigSchema(value);
  for (const violation of violations) sayGlued(violation, tree, findings);
  for (const violation of violations) {
    if (gluedKey(violation) === undefined) explain(violation, tree, findings);
  }
  checkSpellings(spellings, target, findings);
  checkCloudConfigRules(tree, target.system, findings);
}

const TOP_KEYS = knownKeys(cloudConfigSchema);

/** `ssh-rsa AAAA...write-files`: text that swallowed the next line's key, because the line break between them is gone. */
function gluedKey({ keyword, wanted, value }: Violation): string | undefined {
  if (keyword !== 'type' || typeWords(wanted) !== 'text' || typeof value !== 'object' || value === null)
    return undefined;
  const [key = '', ...more] = Object.keys(value);
  const spelled = key.replaceAll('-', '_');
  const known = more.length > 0 ? undefined : TOP_KEYS.find((name) => spelled.endsWith(name) && spelled !== name);
  return known === undefined ? undefined : key.slice(-known.length);
}

function sayGlued(violation: Violation, tree: YamlMap, findings: Findings): void {
  const key = gluedKey(violation);
  if (key === undefined) return;
  const { path } = violation;
  const { offset } = locate(tree, path);
  const remedy = `begin a new line before \`${key}:\`, at the left edge, and complete the text before it`;
  findings.warn(`a line break is missing before \`${key}:\``, { path, offset, remedy });
  // What follows was meant for that key.
  findings.hushAfter(path[0] ?? '', offset);
}

interface Spelling {
  readonly path: Path;
  readonly offset: number;
  readonly key: string;
  /** The underscored key stands beside the hyphenated one. */
  readonly both: boolean;
}
interface Notes {
  readonly findings: Findings;
  readonly spellings: Spelling[];
}

/** The value as the schema wants to see it: fields that are text to coreos-cloudinit keep the words of the file. */
function plainValue(node: YamlNode, schema: SchemaNode | undefined, path: Path, notes: Notes): unknown {
  const wanted = resolved(schema);
  if (node.kind === 'scalar') return wanted?.type === 'string' ? node.source : node.value;
  if (node.kind === 'list') return node.items.map((item, i) => plainValue(item, wanted?.items, [...path, i], notes));
  const names = new Set(node.entries.map((entry) => entry.key));
  const plain = Object.create(null) as Record<string, unknown>;
  for (const { key, offset, value } of node.entries) {
    const at = [...path, key];
    const child = childSchema(wanted, key);
    if (child !== undefined && key.includes('-')) {
      notes.spellings.push({ path: at, offset, key, both: names.has(key.replaceAll('-', '_')) });
    }
    if (child?.deprecated === true) {
      const why = child.description?.replace(/^DEPRECATED upstream: /, '') ?? 'it is deprecated';
      notes.findings.warn(`deprecated key "${key}": ${why}`, { path: at, offset, remedy: 'remove it' });
    }
    plain[key] = plainValue(value, child, at, notes);
  }
  return plain;
}

/** coreos-cloudinit takes `-` for `_` in keys; Flatcar's, since 3913.0.0, accepts the hyphen and then ignores the key. */
function checkSpellings(spellings: readonly Spelling[], { system, node }: CloudConfigTarget, findings: Findings): void {
  for (const { key, path, offset } of spellings.filter((one) => one.both)) {
    const name = key.replaceAll('-', '_');
    const message = `both "${key}" and "${name}" are given`;
    const told = { path, offset, remedy: `keep "${name}"` };
    if (system === 'flatcar') findings.error(`${message}: Flatcar ignores the first`, told);
    else findings.warn(message, told);
  }
  const [first] = spellings;
  if (first === undefined || system !== 'flatcar' || node !== undefined) return;
  findings.warn(`Flatcar ignores keys with a hyphen ("${first.key}"); only listed nodes get them spelled right`, {
    path: first.path,
    offset: first.offset,
    remedy: `write "${first.key.replaceAll('-', '_')}"`,
  });
}

function explain(violation: Violation, tree: YamlMap, findings: Findings): void {
  const { path, keyword, value, wanted, key } = violation;
  const { offset } = locate(tree, path);
  if (keyword === 'additionalProperties' && key !== undefined) {
    const place = otherPlace(path, key);
    if (place !== undefined) {
      const at = [...path, key];
      const told = {
        path: at,
        offset: locate(tree, at).offset,
        remedy: 'move it there, with all that stands below it',
      };
      findings.warn(`${shown(key)} belongs ${place}`, told);
      return;
    }
    const known = knownKeys(violation.schema as SchemaNode);
    const meant = nearest(key, known);
    const at = [...path, key];
    const remedy = meant === undefined ? `known here: ${known.slice(0, 12).join(', ')}` : `did you mean "${meant}"?`;
    findings.warn(`unknown key ${shown(key)}`, { path: at, offset: locate(tree, at).offset, remedy });
  } else if (keyword === 'type') {
    const remedy = `make it ${typeWords(wanted)}, or remove it`;
    findings.warn(`this is ${valueWords(value)} and must be ${typeWords(wanted)}`, { path, offset, remedy });
  } else if (keyword === 'anyOf') {
    findings.error(`${shown(value)} is not allowed here`, { path, offset, remedy: patternWords(wanted) });
  } else if (keyword === 'not') {
    const remedy = 'write it to /etc, /opt or /var';
    findings.error(`${shown(value)} lies below /usr, which cannot be written to`, { path, offset, remedy });
  }
}

/** Where a key is known that stands beside `coreos` and belongs into it, or the other way round. */
function otherPlace(path: Path, key: string): string | undefined {
  const name = key.replaceAll('-', '_');
  const below = knownKeys(childSchema(cloudConfigSchema, 'coreos'));
  if (path.length === 0 && below.includes(name)) return 'below coreos:';
  return path.length === 1 && path[0] === 'coreos' && TOP_KEYS.includes(name)
    ? 'at the left edge, beside coreos:'
    : undefined;
}

/** The schema's patterns are either lists of words or one of four formats. */
function patternWords(choices: unknown): string {
  const pattern = (choices as readonly { pattern?: string }[]).find((one) => one.pattern !== undefined)?.pattern ?? '';
  const words = /^\^\(([a-z0-9|+\\-]+)\)\$$/.exec(pattern)?.[1];
  if (words !== undefined) return `one of ${words.replaceAll('\\', '').split('|').join(', ')}`;
  if (pattern.includes('[0-7]')) return 'three or four octal digits such as 0644';
  return pattern.includes('[0-9]|1[0-9]|2[0-3]') ? 'a time such as 04:00 or "Thu 04:00"' : 'a duration such as 1h30m';
}

/** What coreos-cloudinit takes a text for, by its first line (config.go, script.go and ignition.go there). */
type CloudConfigKind = 'empty' | 'script' | 'cloud-config' | 'multipart' | 'ignition' | 'unknown';

export function cloudConfigKind(text: string): CloudConfigKind {
  if (text === '') return 'empty';
  if (text.startsWith('#!')) return 'script';
  if (firstLine(text) === '#cloud-config') return 'cloud-config';
  if (/^(?:content-type: *multipart\/|mime-version:)/i.test(text)) return 'multipart';
  if (/^\s*\{/.test(text) && /"ignition(?:Version)?"/.test(text)) return 'ignition';
  return 'unknown';
}

/** Right-trimmed, as coreos-cloudinit compares it: CRLF and trailing blanks are fine, anything before it is not. */
export function firstLine(text: string): string {
  return text.slice(0, 4096).split('\n', 1)[0]?.trimEnd() ?? '';
}

/** Why the first line is not `#cloud-config`, where a person would think it is. */
export function headerRemedy(text: string): string {
  if (text.startsWith('\ufeff')) return 'save the file without a byte order mark';
  if (/^#cloud-config[^\n]*\S/.test(firstLine(text)) || firstLine(text).toLowerCase() === '#cloud-config') {
    return 'nothing else may stand in the first line';
  }
  if (/^[ \t]*#[ \t]*cloud-config[ \t\r]*$/m.test(text.slice(0, 65_536))) {
    return 'move "#cloud-config" to the very first line, without blanks before or in it';
  }
  return 'begin the file with the line "#cloud-config"';
}
