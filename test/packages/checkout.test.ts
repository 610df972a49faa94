import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fetchPackage, nodeFolder, NODES } from '../../scripts/fetch-package.ts';
import { copyCheckout } from '../support/checkout.ts';
import { firstMachine, scriptOf } from '../support/first-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { compilersThatTell, withoutRegistry } from '../support/registry.ts';

const { lab, payload } = await labEquipment({
  commands: ['git', 'ip', 'dnsmasq', 'npm'],
  files: ['/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
  missing: withoutRegistry(),
});
const [OLDEST] = NODES;
/** The newest npm that knows nothing of `allowScripts`, and so runs every install script. */
const NPM = 'npm@10.9.9';

lab.test(`README's two commands on Node ${OLDEST} with ${NPM}: nothing is compiled, and a machine is up`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-checkout-test-'));
  using checkout = copyCheckout({ modules: false });
  try {
    const npm = join(fetchPackage(NPM), 'bin', 'npm-cli.js');
    const compilers = compilersThatTell(folder);
    const env = {
      ...process.env,
      HOME: folder,
      PATH: `${compilers.path}:${nodeFolder(OLDEST)}:${process.env['PATH'] ?? ''}`,
    };
    const sh = (lines: string, from?: readonly string[]): string => {
      const [command, ...args] = [...(from ?? []), 'bash', '-ec', `npm() { node '${npm}' "$@"; }; ${lines}`];
      return execFileSync(command, args, {
        cwd: checkout.path,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    };
    expect(sh('node --version; npm --version')).toBe(`v${OLDEST}\n10.9.9\n`);
    const readme = readFileSync(join(checkout.path, 'README.md'), 'utf8');
    expect(readme).toContain('\n    npm ci && npm start\n');
    const [before, after] = scriptOf('docs/getting-started.md', 'From a checkout');
    expect(before).toMatch(/^npm ci\n/);
    const began = performance.now();
    sh(before);
    expect(readFileSync(compilers.log, 'utf8')).toBe('');
    const installed = performance.now();
    await firstMachine({
      ...{ name: 'tensrc', payload, data: join(folder, 'machines'), sh, after },
      program: [
        'node',
        npm,
        '--prefix',
        checkout.path,
        'start',
        '--',
        '--data-dir',
        join(folder, 'machines'),
        '--dhcp',
        'proxy',
        '--tftp-listen',
        '0.0.0.0:69',
      ],
      env: { PATH: env.PATH, HOME: folder },
    });
    expect(readdirSync(join(folder, 'machines/state'))).toContain('pilotlight.db');
    const seconds = (from: number, to: number): string => `${Math.round((to - from) / 1000)} s`;
    console.log(
      `npm ci, init: ${seconds(began, installed)}; to a machine that is up: ${seconds(installed, performance.now())}`,
    );

    // With no install script at all.
    sh('rm -rf node_modules && npm ci --ignore-scripts && node dist/main.js check');
    expect(readFileSync(compilers.log, 'utf8')).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
