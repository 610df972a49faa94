import type { TObject } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { show } from '../../http/request.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/text.ts';

/** Gives back what was sent when it is as described. Throws Failure `invalid` that says what is not. */
export type RequestCheck = (given: unknown) => Readonly<Record<string, unknown>>;

/** Makes the checks of the API; each is compiled when it is first needed. */
export interface RequestChecks {
  /** For a JSON body. */
  body(schema: TObject): RequestCheck;
  /** For a query: every value is a text there, so numbers are made of those that look like one. */
  query(schema: TObject): RequestCheck;
}

// Our own schemas need no schema to check them at every start; a test does that.
const UNCHECKED = { strict: true, meta: false, validateSchema: false } as const;

export function createRequestChecks(): RequestChecks {
  const bodies = new Ajv(UNCHECKED);
  const queries = new Ajv({ ...UNCHECKED, coerceTypes: true });
  return {
    body: (schema) => checkWith(() => bodies.compile(schema), 'field'),
    query: (schema) => checkWith(() => queries.compile(schema), 'query key'),
  };
}

function checkWith(compile: () => ValidateFunction, word: string): RequestCheck {
  let compiled: ValidateFunction | undefined;
  return (given) => {
    const validate = (compiled ??= compile());
    if (validate(given)) return given as Readonly<Record<string, unknown>>;
    throw explain(validate.errors?.[0], validate.schema as TObject, word);
  };
}

function explain(error: ErrorObject | undefined, schema: TObject, word: string): Failure {
  const known = Object.keys(schema.properties);
  const params = (error?.params ?? {}) as Readonly<Record<string, unknown>>;
  const field = error?.instancePath.slice(1) ?? '';
  if (error?.keyword === 'additionalProperties') {
    const unknown = String(params['additionalProperty']);
    const meant = nearest(unknown, known);
    const all = known.length === 0 ? 'there is none' : `known are ${known.join(', ')}`;
    return new Failure('invalid', `unknown ${word} "${show(unknown)}"`, {
      remedy: meant === undefined ? all : `did you mean "${meant}"?`,
    });
  }
  if (error?.keyword === 'required') {
    return new Failure('invalid', `the ${word} "${String(params['missingProperty'])}" is missing`);
  }
  if (error?.keyword === 'enum') {
    const allowed = (params['allowedValues'] as readonly string[]).join(', ');
    return new Failure('invalid', `${field} is none of the words that it may be`, { remedy: `one of ${allowed}` });
  }
  if (error?.keyword === 'type' && field === '') {
    return new Failure('invalid', 'the body is not a JSON object', { remedy: 'send {...}' });
  }
  return new Failure('invalid', `${field} ${error?.message ?? 'is not allowed'}`);
}
