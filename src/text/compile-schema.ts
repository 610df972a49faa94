import { Ajv, type Options, type ValidateFunction } from 'ajv';

/** How our schemas are read: at run time, and by the build, which compiles those that are files. */
export function compileSchema(schema: object): ValidateFunction {
  return schemaCompiler().compile(schema);
}

/**
 * Our schemas describe a field by several types and give `required` beside patterns: allowed on purpose, all else is strict.
 * The schemas themselves are not checked at every start (30 ms): a test does that.
 * @public scripts/compiled-schemas.mjs asks it for the code.
 */
export function schemaCompiler(code: Options['code'] = {}): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strictTypes: false,
    strictRequired: false,
    meta: false,
    validateSchema: false,
    code: { ...code, process: boundErrors },
  });
  // The name under which Visual Studio Code shows it while a profile is being edited.
  ajv.addVocabulary(['patternErrorMessage']);
  return ajv;
}

const MOST_ERRORS = 2000;

/**
 * A part that refers to another copies all errors so far at each one of its own: 200,000 wrong nodes took minutes. Past the
 * bound they are dropped; the value stays wrong.
 * @public scripts/compiled-schemas.mjs asks it, because code that ajv writes to a file is not processed.
 */
export function boundErrors(code: string): string {
  return code.replaceAll(
    /vErrors\.concat\(([^()]*)\)/g,
    `(vErrors.length > ${MOST_ERRORS} ? vErrors : vErrors.concat($1))`,
  );
}
