import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';

// The product compiles them unchecked, because checking costs it time at every start.
it.each(['catalog/profile.schema.json', 'documents/coreos-cloud-config.schema.json'])(
  'src/%s is a JSON Schema',
  (path) => {
    const schema = JSON.parse(readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')) as object;
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(schema), ajv.errorsText(ajv.errors)).toBe(true);
    expect(ajv.validateSchema({ ...schema, type: 'nonsense' })).toBe(false);
  },
);
