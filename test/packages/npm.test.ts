import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { copyCheckout } from '../support/checkout.ts';
import { startServer } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';
import { compilersThatTell, withoutRegistry } from '../support/registry.ts';

const run = promisify(execFile);
const registry = needs({ commands: ['npm', 'git'], missing: withoutRegistry() });

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

registry.test('npm pack installs into an empty prefix, compiles nothing, and boots a machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-npm-'));
  using checkout = copyCheckout({ modules: true });
  try {
    const pack = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: checkout.path });
    // The build, which `npm pack` runs first, writes to the same stream.
    const [packed] = JSON.parse(pack.stdout.slice(pack.stdout.search(/^\[$/m))) as readonly Packed[];
    const files = packed?.files.map(({ path }) => path) ?? [];
    const tops = new Set(files.map((path) => path.split('/')[0]));
    expect([...tops].toSorted()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs', 'package.json', 'scripts'].toSorted(),
    );
    expect(files.filter((path) => path.startsWith('scripts/'))).toEqual(['scripts/pilotlight.service']);
    expect(files.filter((path) => /\.cache$|\.ts$|screenshots/.test(path))).toEqual([]);

    const prefix = join(folder, 'prefix');
    mkdirSync(prefix);
    const compilers = compilersThatTell(folder);
    const env = { ...process.env, PATH: `${compilers.path}:${process.env['PATH'] ?? ''}` };
    await run('npm', ['install', '--global', '--prefix', prefix, join(folder, packed?.filename ?? '')], { env });
    expect(readFileSync(compilers.log, 'utf8')).toBe('');

    const program = join(prefix, 'bin/pilotlight');
    const data = join(folder, 'data');
    await run(program, ['init', data, '--system', 'custom']);
    for (const file of ['vmlinuz', 'initrd.img']) {
      mkdirSync(join(data, 'images/custom/example'), { recursive: true });
      writeFileSync(join(data, 'images/custom/example', file), file);
    }
    await run(program, ['adopt', '52:54:00:55:1c:ee', '--profile', 'custom', '--name', 'n1', '--data-dir', data]);
    expect((await run(program, ['check', '--strict', '--data-dir', data])).stdout).toContain('no problems');
    const schema = join(prefix, 'lib/node_modules/pilotlight/dist/catalog/profile.schema.json');
    expect(readFileSync(join(data, 'profile.schema.json'))).toEqual(readFileSync(schema));

    await using server = await startServer({ dataDir: data, program: [program, 'serve'] });
    const script = await (await fetch(`${server.url}/ipxe?mac=525400551cee`)).text();
    expect(script).toMatch(/^#!ipxe\n[^]*images\/custom\/example\/vmlinuz/);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toMatchObject({ status: 'ok', problems: [] });
    expect(await (await fetch(`${server.url}/dashboard`)).text()).toContain('Log in');
    expect(await (await fetch(`${server.url}/schema/profile.json`)).text()).toBe(readFileSync(schema, 'utf8'));
    // The journal, which is the only part that is not JavaScript.
    expect(existsSync(join(data, 'state/pilotlight.db'))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
