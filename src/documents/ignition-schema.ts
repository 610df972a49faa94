import { schemaCheck, type SchemaCheck } from './check-schema.ts';
import { fieldsOf, IGNITION_VERSIONS, type Field } from './ignition-fields.ts';

const LETTERS: Readonly<Record<string, string>> = { s: 'string', i: 'integer', b: 'boolean' };

/** The JSON Schema (draft-07) of one Ignition version; undefined for a version that there is not. */
export function ignitionSchema(version: string): object | undefined {
  const known = IGNITION_VERSIONS.get(version);
  if (known === undefined) return undefined;
  const definitions: Record<string, object> = {};
  for (const [type, fields] of fieldsOf(known)) {
    const map = {
      properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
      required: fields.filter((field) => field.required).map((field) => field.name),
      additionalProperties: false,
    };
    definitions[type] = { type: 'object', ...map };
    definitions[`${type}-or-null`] = { type: ['object', 'null'], ...map };
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/root', definitions };
}

const CHECKS: ReadonlyMap<string, SchemaCheck> = new Map(
  [...IGNITION_VERSIONS.keys()].map((version) => {
    const lazy: SchemaCheck = (value) => {
      made ??= schemaCheck(ignitionSchema(version) ?? {});
      return made(value);
    };
    let made: SchemaCheck | undefined;
    return [version, lazy];
  }),
);

/** Undefined for a version that there is not. */
export function ignitionCheck(version: string): SchemaCheck | undefined {
  return CHECKS.get(version);
}

function fieldSchema({ type, list, nullable }: Field): object {
  const letter = LETTERS[type];
  const one =
    letter === undefined
      ? { $ref: `#/definitions/${type}${nullable ? '-or-null' : ''}` }
      : { type: nullable ? [letter, 'null'] : letter };
  // Go's JSON reader takes null for an absent list.
  return list ? { type: ['array', 'null'], items: one } : one;
}
