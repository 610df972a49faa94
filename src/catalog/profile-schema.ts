import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import type { Json, JsonObject } from '../model/profile.ts';
import { explainFault, type RawFault, type SchemaFault } from './explain-fault.ts';
import type { JsonPath } from './json-text.ts';

/** Says what is wrong with a parsed profile; nothing when it is right. */
export interface ProfileCheck {
  (value: Json): readonly SchemaFault[];
  /** What a profile may hold. */
  readonly keys: ReadonlySet<string>;
}

/** The description of a profile, as editors and the docs use it. */
export function profileSchema(): JsonObject {
  return JSON.parse(readFileSync(new URL('./profile.schema.json', import.meta.url), 'utf8')) as JsonObject;
}

const MAX_FAULTS = 50;

const UNCHECKED = { meta: false, validateSchema: false } as const;

/** Compiles the schema (some 20 ms): one for a catalog. */
export function createProfileCheck(): ProfileCheck {
  // Our own schema needs no schema to check it at every start (30 ms); a test does that.
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true, ...UNCHECKED });
  // Also the name under which Visual Studio Code shows it while a profile is being edited.
  ajv.addVocabulary(['patternErrorMessage']);
  const schema = profileSchema();
  const validate = ajv.compile(schema);
  const keys: ReadonlySet<string> = new Set(Object.keys(schema['properties'] as JsonObject));
  return Object.assign(
    (value: Json): readonly SchemaFault[] => {
      if (validate(value)) return [];
      // The error about a name comes twice: as what its pattern says, and as "propertyNames" around it.
      const errors = (validate.errors ?? []).filter((error) => error.keyword !== 'propertyNames');
      return errors.slice(0, MAX_FAULTS).map((error) => explainFault(rawFault(error, value)));
    },
    { keys },
  );
}

function rawFault(error: ErrorObject, root: Json): RawFault {
  return {
    keyword: error.keyword,
    path: pathOf(error.instancePath, root),
    params: error.params as JsonObject,
    schema: error.parentSchema ?? {},
    value: error.data as Json | undefined,
    propertyName: error.propertyName,
    message: error.message ?? 'is not allowed',
  };
}

/** A JSON pointer (RFC 6901) as a path; only the value itself tells an index from a name that is a number. */
function pathOf(pointer: string, root: Json): JsonPath {
  const path: (string | number)[] = [];
  let here: Json | undefined = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) {
      path.push(Number(name));
      here = (here as readonly Json[])[Number(name)];
    } else {
      path.push(name);
      here = here !== null && typeof here === 'object' ? (here as JsonObject)[name] : undefined;
    }
  }
  return path;
}
