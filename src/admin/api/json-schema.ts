/** A JSON Schema (2020-12, as OpenAPI 3.1 has it), as far as the API needs it. */
export type JsonSchema = Readonly<Record<string, unknown>>;
export type Properties = Readonly<Record<string, JsonSchema>>;

/** An object with what is always there and what may be. Readers must bear more: a later version may add to it. */
export function object(required: Properties, optional: Properties = {}): JsonSchema {
  const names = Object.keys(required);
  return {
    type: 'object',
    ...(names.length === 0 ? {} : { required: names }),
    properties: { ...required, ...optional },
  };
}

/** What a request sends: nothing but these. */
export function closedObject(required: Properties, optional: Properties = {}): JsonSchema {
  return { ...object(required, optional), additionalProperties: false };
}

export function list(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', items, ...about(description) };
}

export function text(description?: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'string', ...about(description), ...more };
}

export function whole(description?: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'integer', ...about(description), ...more };
}

export function number(description?: string): JsonSchema {
  return { type: 'number', ...about(description) };
}

export function flag(description?: string): JsonSchema {
  return { type: 'boolean', ...about(description) };
}

export function oneOf(values: readonly string[], description?: string): JsonSchema {
  return { type: 'string', enum: values, ...about(description) };
}

/** Milliseconds since 1970. */
export function moment(description: string): JsonSchema {
  return whole(`${description}; milliseconds since 1970`);
}

/** A schema of the document's components. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function about(description: string | undefined): JsonSchema {
  return description === undefined ? {} : { description };
}
