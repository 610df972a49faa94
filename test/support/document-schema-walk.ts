/** The part of JSON Schema that both Ignition's schemas and ours are written in. */
export interface SchemaPart {
  readonly $ref?: string;
  readonly allOf?: readonly SchemaPart[];
  readonly type?: string | readonly string[];
  readonly items?: SchemaPart;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly required?: readonly string[];
}

/** One value that a schema knows of. */
export interface SchemaPlace {
  /** `storage.files[].path`; the root is the empty text. */
  readonly path: string;
  readonly types: readonly string[];
  readonly required: readonly string[];
}

/** Everything that a schema describes, sorted by path. */
export function schemaPlaces(schema: SchemaPart): readonly SchemaPlace[] {
  const places: SchemaPlace[] = [];
  visit(schema, '', schema, places);
  return places.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function visit(part: SchemaPart, path: string, root: SchemaPart, places: SchemaPlace[]): void {
  const parts = flat(part, root);
  const types = [...new Set(parts.flatMap((one) => one.type ?? []))].filter((type) => type !== 'null');
  places.push({ path, types, required: parts.flatMap((one) => one.required ?? []).toSorted() });
  for (const one of parts) {
    if (one.items !== undefined) visit(one.items, `${path}[]`, root, places);
    for (const [key, child] of Object.entries(one.properties ?? {})) {
      visit(child, path === '' ? key : `${path}.${key}`, root, places);
    }
  }
}

function flat(part: SchemaPart, root: SchemaPart): readonly SchemaPart[] {
  if (part.$ref !== undefined) {
    let target: unknown = root;
    for (const step of part.$ref.split('/').slice(1)) target = (target as Record<string, unknown>)[step];
    return flat(target as SchemaPart, root);
  }
  return [part, ...(part.allOf ?? []).flatMap((one) => flat(one, root))];
}
