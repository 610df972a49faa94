import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { fetchPackage, nodeFolder } from '../../scripts/fetch-package.ts';
import { copyCheckout } from '../support/checkout.ts';
import { makeDebianRoot } from '../support/debian-root.ts';
import { needs } from '../support/needs.ts';
import { withoutRegistry } from '../support/registry.ts';

const root = needs({
  commands: ['buildah', 'crun', 'debootstrap', 'git', 'npm'],
  root: true,
  missing: withoutRegistry(),
});

// No registry of images is needed: the base is Debian with Node, as docker.io/library/node is.
root.test('the Dockerfile builds, and its image serves as a user of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-container-'));
  using checkout = copyCheckout({ modules: false });
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...args: readonly string[]): string =>
    execFileSync('buildah', [...storage, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  try {
    {
      using debian = makeDebianRoot();
      const local = join(debian.path, 'usr/local');
      cpSync(join(nodeFolder('24.22.3'), 'node'), join(local, 'bin/node'));
      cpSync(fetchPackage('npm@11.6.2'), join(local, 'lib/node_modules/npm'), { recursive: true });
      symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
      const certificates = process.env['NODE_EXTRA_CA_CERTS'];
      if (certificates !== undefined) cpSync(certificates, join(debian.path, certificates), { dereference: true });
      const made = buildah('from', 'scratch');
      execFileSync('tar', ['--exclude=./proc/*', '-cf', join(folder, 'base.tar'), '-C', debian.path, '.']);
      buildah('add', made, join(folder, 'base.tar'), '/');
      buildah('config', '--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', made);
      // Where a host has certificates of its own, npm in the container needs them as npm here does.
      if (certificates !== undefined) buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${certificates}`, made);
      buildah('commit', '--rm', made, 'localhost/node-base');
      rmSync(join(folder, 'base.tar'));
    }
    const limits = ['--isolation', 'chroot', '--network', 'host', '--pull-never', '--layers=false'];
    const build = ['--build-arg', 'BASE=localhost/node-base', '--format', 'docker', '-t', 'pilotlight', checkout.path];
    buildah('build', ...limits, ...build);

    const about = JSON.parse(buildah('inspect', '--type', 'image', 'pilotlight')) as {
      readonly Docker: { readonly config: Record<string, unknown> };
    };
    expect(about.Docker.config).toMatchObject({
      User: '4777:4777',
      Volumes: { '/data': {} },
      Cmd: ['serve'],
      ExposedPorts: { '4777/tcp': {}, '69/udp': {} },
    });
    const health = (about.Docker.config['Healthcheck'] as { readonly Test: readonly string[] }).Test.slice(1);

    // As `docker run` would, with the user, the environment and the entry point of the image.
    const data = join(folder, 'data');
    mkdirSync(data);
    execFileSync('chown', ['4777:4777', data]);
    const container = buildah('from', '--pull-never', 'pilotlight');
    const run = (...words: readonly string[]): string =>
      buildah('run', '--isolation', 'chroot', '--volume', `${data}:/data`, container, '--', ...words);
    expect(run('id', '-u').trim()).toBe('4777');
    run('pilotlight', 'init', '--system', 'flatcar');
    expect(run('pilotlight', 'check')).toContain('0 errors');
    expect(run('ls', '/opt/pilotlight').split('\n')).toEqual(['dist', 'node_modules', 'package.json']);
    expect(run('ls', '/usr/lib/ipxe')).toContain('undionly.kpxe');
    writeFileSync(join(folder, 'look.sh'), LOOK(health));
    buildah('copy', container, join(folder, 'look.sh'), '/look.sh');
    expect(run('sh', '/look.sh')).toContain('healthy, then not');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The health check fails without a server, and holds with one; the server ends when it is told to. */
const LOOK = (health: readonly string[]): string => `set -e
check() { ${health.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')}; }
! check
PILOTLIGHT_TFTP_LISTEN=127.0.0.1:21569 PILOTLIGHT_HTTP_LISTEN=127.0.0.1:4777 PILOTLIGHT_SYNC=off pilotlight serve &
server=$!
until check; do kill -0 $server; sleep 1; done
kill $server
wait $server
! check
echo healthy, then not
`;

test('compose.yaml: the host network or NAT, with as few rights as it needs', () => {
  const { services } = parse(readFileSync('compose.yaml', 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  expect(services['pilotlight']).toMatchObject({ network_mode: 'host', volumes: ['data:/data'], read_only: true });
  expect(services['pilotlight']).not.toHaveProperty('ports');
  expect(services['nat']).toMatchObject({ network_mode: 'bridge', ports: ['4777:4777', '69:69/udp'], read_only: true });
  for (const service of Object.values(services)) {
    expect(service).toMatchObject({ cap_drop: ['ALL'], cap_add: ['NET_BIND_SERVICE'] });
    expect(service['environment']).not.toHaveProperty('PILOTLIGHT_TFTP_SINGLE_PORT');
  }
  expect(services['nat']?.['environment']).not.toHaveProperty('PILOTLIGHT_DHCP');
});
