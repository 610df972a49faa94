import { createRequire } from 'node:module';
import { schemaCheck } from './check-schema.ts';

/** The part of JSON Schema that coreos-cloud-config.schema.json uses. */
export interface SchemaNode {
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
