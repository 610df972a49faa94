// The schemas that are files are compiled when dist/ is built: at run time that is 40 % of a start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const SCHEMAS = ['catalog/profile.schema.json', 'documents/coreos-cloud-config.schema.json'];
const COMPILER = 'text/compile-schema.ts';

/** An esbuild plugin: `compileSchema` gives what is compiled already, and loads ajv only for other schemas. */
export async function compiledSchemas(top) {
  const { boundErrors, schemaCompiler } = await compilerOf(top);
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const compiled = SCHEMAS.map((path) => {
    const schema = JSON.parse(readFileSync(join(top, 'src', path), 'utf8'));
    const ajv = schemaCompiler({ source: true });
    return { path, title: schema.title, code: boundErrors(standalone.default(ajv, ajv.compile(schema))) };
  });
  const chooser = `const compiled = {
    ${compiled.map(({ path, title }) => `${JSON.stringify(title)}: () => require('compiled:${path}'),`).join('\n    ')}
  };
  export const compileSchema = (schema) =>
    compiled[schema.title]?.() ?? require('./compile-schema.ts?at-run-time').compileSchema(schema);`;
  return {
    name: 'compiled-schemas',
    setup({ onLoad, onResolve }) {
      const resolveDir = join(top, 'src', 'text');
      onResolve({ filter: /\?at-run-time$/ }, () => ({ path: join(top, 'src', COMPILER), namespace: 'at-run-time' }));
      onLoad({ filter: /./, namespace: 'at-run-time' }, ({ path }) => ({
        ...{ contents: readFileSync(path, 'utf8'), loader: 'ts', resolveDir },
      }));
      onLoad({ filter: /[\\/]text[\\/]compile-schema\.ts$/, namespace: 'file' }, () => ({
        contents: chooser,
        resolveDir,
      }));
      onResolve({ filter: /^compiled:/ }, ({ path }) => ({
        path: path.slice('compiled:'.length),
        namespace: 'compiled',
      }));
      onLoad({ filter: /./, namespace: 'compiled' }, ({ path }) => ({
        ...{ contents: compiled.find((one) => one.path === path)?.code, resolveDir },
      }));
    },
  };
}

/** The compiler itself, which is TypeScript. */
async function compilerOf(top) {
  const outfile = join(top, '.cache', 'compile-schema.mjs');
  await build({ entryPoints: [join(top, 'src', COMPILER)], outfile, format: 'esm', platform: 'node' });
  return await import(pathToFileURL(outfile));
}
