import { type Static, type TProperties, type TSchema, Type as t } from '@sinclair/typebox';

// TypeBox's schemas are JSON Schema as they stand. These are the few forms that the admin API uses beside its own.

/** What a schema describes, read-only at every depth. */
export type View<T extends TSchema> = ReadOnly<Static<T>>;

type ReadOnly<T> = T extends readonly (infer Item)[]
  ? readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadOnly<T[Key]> }
    : T;

export function text(description?: string, more: { minLength?: number; maxLength?: number } = {}) {
  return t.String({ ...about(description), ...more });
}

export function whole(description?: string, more: { minimum?: number; maximum?: number } = {}) {
  return t.Integer({ ...about(description), ...more });
}

/** Milliseconds since 1970. */
export function moment(description: string) {
  return whole(`${description}; milliseconds since 1970`);
}

export function list<T extends TSchema>(items: T, description?: string) {
  return t.Array(items, about(description));
}

/** One of a few words: an `enum`, which generated clients read better than TypeBox's union of constants. */
export function oneOf<const T extends string>(values: readonly T[], description?: string) {
  return t.Unsafe<T>({ type: 'string', enum: values, ...about(description) });
}

/** An object to which later versions may add members: readers must bear more. What a request sends is `closed`. */
export function closed<T extends TProperties>(properties: T) {
  return t.Object(properties, { additionalProperties: false });
}

/** A component of the OpenAPI document, by its name there. */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- only the schema's type is asked
export function ref<T extends TSchema>(name: string, _schema: T) {
  return t.Unsafe<Static<T>>(t.Ref(`#/components/schemas/${name}`));
}

function about(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
