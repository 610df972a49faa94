import { profileSchema } from '../src/catalog/profile-schema.ts';
import type { Json, JsonObject } from '../src/model/profile.ts';

/** docs/profile-keys.md as text. */
export function profilePage(): string {
  const schema = profileSchema();
  const definitions = part(schema, '$defs');
  const node = part(definitions, 'node');
  const install = part(part(schema, 'properties'), 'install');
  return [
    '<!-- Written by scripts/profile-docs.ts from src/catalog/profile.schema.json: edit that. -->',
    '',
    '# The keys of a profile',
    '',
    text(schema['description']),
    'Every key is optional. A key that is not in this table is an error, and so is a value that does not fit: the file keeps',
    'its last good version in force until it is mended. The first line may be `"$schema": "../profile.schema.json"` (the file that',
    '`pilotlight init` writes), or `"$schema": "http://SERVER:4777/schema/profile.json"` from anywhere: then editors complete and',
    'check while you type.',
    '',
    ...table(schema, definitions),
    '',
    '## A machine in `nodes`',
    '',
    `${text(node['description'])} \`name\` is required.`,
    '',
    ...table(node, definitions),
    '',
    '## `install`',
    '',
    ...table(install, definitions),
    '',
  ].join('\n');
}

function table(object: JsonObject, definitions: JsonObject): readonly string[] {
  const rows = Object.entries(part(object, 'properties')).map(([key, value]) => {
    const own = value as JsonObject;
    const property = { ...referred(own, definitions), ...own };
    const meaning = `${text(own['description'])}${fallback(own)}`;
    return `| \`${key}\` | ${kind(property, definitions)} | ${cell(meaning)} | ${examples(own)} |`;
  });
  return ['| key | value | meaning | example |', '|---|---|---|---|', ...rows];
}

function kind(property: JsonObject, definitions: JsonObject): string {
  if (property['enum'] !== undefined) {
    return (property['enum'] as readonly string[]).map((word) => `\`${word}\``).join(', ');
  }
  // null stands for "not set" in old files: it need not be written.
  const types = [property['type'] ?? []].flat().filter((type) => type !== 'null') as readonly string[];
  const items = property['items'] as JsonObject | undefined;
  const ofWhat = items === undefined ? '' : ` of ${pluralOf({ ...referred(items, definitions), ...items }['type'])}`;
  return types
    .map((type) => (type === 'array' ? `list${ofWhat}` : type === 'boolean' ? 'true or false' : type))
    .join(' or ');
}

const PLURALS: Readonly<Record<string, string>> = { string: 'strings', object: 'machines' };

function fallback(property: JsonObject): string {
  const value = property['default'];
  return value === undefined ? '' : ` Default: \`${typeof value === 'string' ? value : JSON.stringify(value)}\`.`;
}

function examples(property: JsonObject): string {
  const [first] = (property['examples'] ?? []) as readonly Json[];
  return first === undefined ? '' : cell(`\`${JSON.stringify(first)}\``);
}

function referred(property: JsonObject, definitions: JsonObject): JsonObject {
  const reference = text(property['$ref']);
  return reference === '' ? {} : part(definitions, reference.slice('#/$defs/'.length));
}

function part(object: JsonObject, key: string): JsonObject {
  return object[key] as JsonObject;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function cell(content: string): string {
  return content.replaceAll('|', '\\|');
}

function pluralOf(type: Json | undefined): string {
  if (Array.isArray(type)) return (type as readonly string[]).map((word) => `${word}s`).join(' or ');
  return PLURALS[text(type)] ?? 'values';
}
