import { createRequire } from 'node:module';
import type { SystemId } from '../model/profile.ts';
import { explainViolation, schemaCheck, typeWords, type Violation } from '../text/check-schema.ts';
import type { Diagnostics } from '../text/diagnostics.ts';
import { type Path, shown } from '../text/text.ts';
import { locate, readYaml, type YamlMap, type YamlNode } from '../text/yaml.ts';
import { checkCloudConfigRules } from './cloud-config-rules.ts';

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
export function checkCloudConfig(text: string, target: CloudConfigTarget, diagnostics: Diagnostics): void {
  switch (cloudConfigKind(text)) {
    case 'empty':
      diagnostics.warn('the document is empty: the machine is not configured', {
        remedy: 'begin with "#cloud-config"',
      });
      return;
    case 'script':
      return;
    case 'multipart':
      if (target.system === 'flatcar') return;
      diagnostics.error('only Flatcar reads MIME multipart', {
        offset: 0,
        remedy: 'write one "#cloud-config" document',
      });
      return;
    case 'ignition':
      diagnostics.error('this is Ignition JSON; coreos-cloudinit leaves it alone', {
        offset: 0,
        remedy: 'name the document with "ignition" in the profile, not with "cloud_config"',
      });
      return;
    case 'unknown':
      diagnostics.error('the first line must be exactly "#cloud-config"', { offset: 0, remedy: headerRemedy(text) });
      return;
    case 'cloud-config':
      checkBody(text, target, diagnostics);
  }
}

function checkBody(text: string, target: CloudConfigTarget, diagnostics: Diagnostics): void {
  // Flatcar reads with yaml.v3, to which a second key is an error; CoreOS' reader took the last one.
  const tree = readYaml(text, diagnostics, target.system === 'flatcar' ? 'error' : 'warning');
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) return;
  if (tree.kind !== 'map') {
    diagnostics.error(`the document is ${tree.kind === 'list' ? 'a list' : 'one line of text'}, not a map of keys`, {
      offset: tree.offset,
      remedy: 'write keys such as "hostname: a"',
    });
    return;
  }
  const spellings: Spelling[] = [];
  const value = plainValue(tree, cloudConfigSchema, [], { diagnostics, spellings });
  const violations = checkCloudConfigSchema(value);
  for (const violation of violations) sayGlued(violation, tree, diagnostics);
  for (const violation of violations) {
    if (gluedKey(violation) === undefined) explain(violation, tree, diagnostics);
  }
  checkSpellings(spellings, target, diagnostics);
  checkCloudConfigRules(tree, target.system, diagnostics);
}

/** `ssh-rsa AAAA...write-files`: text that swallowed the next line's key, because the line break between them is gone. */
function gluedKey({ keyword, wanted, value }: Violation): string | undefined {
  if (keyword !== 'type' || typeWords(wanted) !== 'text' || typeof value !== 'object' || value === null)
    return undefined;
  const [key = '', ...more] = Object.keys(value);
  const spelled = key.replaceAll('-', '_');
  const known = more.length > 0 ? undefined : TOP_KEYS.find((name) => spelled.endsWith(name) && spelled !== name);
  return known === undefined ? undefined : key.slice(-known.length);
}

function sayGlued(violation: Violation, tree: YamlMap, diagnostics: Diagnostics): void {
  const key = gluedKey(violation);
  if (key === undefined) return;
  const { path } = violation;
  const { offset } = locate(tree, path);
  const remedy = `begin a new line before \`${key}:\`, at the left edge, and complete the text before it`;
  diagnostics.warn(`a line break is missing before \`${key}:\``, { path, offset, remedy });
  // What follows was meant for that key.
  diagnostics.hushAfter(path[0] ?? '', offset);
}

interface Spelling {
  readonly path: Path;
  readonly offset: number;
  readonly key: string;
  /** The underscored key stands beside the hyphenated one. */
  readonly both: boolean;
}
interface Notes {
  readonly diagnostics: Diagnostics;
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
      notes.diagnostics.warn(`deprecated key "${key}": ${why}`, { path: at, offset, remedy: 'remove it' });
    }
    plain[key] = plainValue(value, child, at, notes);
  }
  return plain;
}

/** coreos-cloudinit takes `-` for `_` in keys; Flatcar's, since 3913.0.0, accepts the hyphen and then ignores the key. */
function checkSpellings(
  spellings: readonly Spelling[],
  { system, node }: CloudConfigTarget,
  diagnostics: Diagnostics,
): void {
  for (const { key, path, offset } of spellings.filter((one) => one.both)) {
    const name = key.replaceAll('-', '_');
    const message = `both "${key}" and "${name}" are given`;
    const told = { path, offset, remedy: `keep "${name}"` };
    if (system === 'flatcar') diagnostics.error(`${message}: Flatcar ignores the first`, told);
    else diagnostics.warn(message, told);
  }
  const [first] = spellings;
  if (first === undefined || system !== 'flatcar' || node !== undefined) return;
  diagnostics.warn(`Flatcar ignores keys with a hyphen ("${first.key}"); only listed nodes get them spelled right`, {
    path: first.path,
    offset: first.offset,
    remedy: `write "${first.key.replaceAll('-', '_')}"`,
  });
}

function explain(violation: Violation, tree: YamlMap, diagnostics: Diagnostics): void {
  const { path, keyword, value, wanted, key } = violation;
  const { offset } = locate(tree, path);
  if (keyword === 'anyOf') {
    diagnostics.error(`${shown(value)} is not allowed here`, { path, offset, remedy: patternWords(wanted) });
  } else if (keyword === 'not') {
    const remedy = 'write it to /etc, /opt or /var';
    diagnostics.error(`${shown(value)} lies below /usr, which cannot be written to`, { path, offset, remedy });
  } else if (key !== undefined && otherPlace(path, key) !== undefined) {
    const at = [...path, key];
    const told = { path: at, offset: locate(tree, at).offset, remedy: 'move it there, with all that stands below it' };
    diagnostics.warn(`${shown(key)} belongs ${otherPlace(path, key) ?? ''}`, told);
  } else {
    const said = explainViolation(violation, knownKeys(violation.schema));
    if (said === undefined) return;
    const remedy = keyword === 'type' ? `${said.remedy}, or remove it` : said.remedy;
    diagnostics.warn(said.message, { path: said.path, offset: locate(tree, said.path).offset, remedy });
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

const TOP_KEYS = knownKeys(cloudConfigSchema);
