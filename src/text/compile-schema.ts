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
    code,
  });
  // The name under which Visual Studio Code shows it while a profile is being edited.
  ajv.addVocabulary(['patternErrorMessage']);
  return ajv;
}
