import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { importTarget, openImportFolder } from '../../src/releases/file-import.ts';
import { planSync } from '../../src/releases/plan.ts';
import { makeFolder } from '../support/folder.ts';
import { nameOf } from '../support/app-context.ts';

const beta = buildProfile(nameOf('b'), 'profiles/b.json', {
  system: 'flatcar',
  channel: 'beta',
  version: '1.1.0',
  mirror: ['install'],
});
const known = planSync([beta], {}).targets;

describe('importTarget', () => {
  it.each([
    [['flatcar_production_pxe.vmlinuz', 'version.txt'], 'flatcar/beta/amd64'],
    [['coreos_production_pxe.vmlinuz', 'coreos_production_pxe.sh'], 'coreos/stable/amd64'],
    [['fedora-coreos-44-live-kernel.aarch64', 'stable.json'], 'fedora-coreos/stable/arm64'],
    [['ubuntu-24.04.2-live-server-amd64.iso', 'SHA256SUMS'], 'ubuntu/stable/amd64'],
    [['vmlinuz-arm64', 'initramfs-arm64.xz', 'latest'], 'talos/stable/arm64'],
    [['InRelease', 'linux'], 'debian/stable/amd64'],
  ])('%j is %s', (names, id) => {
    expect(importTarget(names, {}, known).id).toBe(id);
  });

  it('the profiles of the channel follow; what is only for installers need not be there', () => {
    const target = importTarget(['flatcar_production_pxe.vmlinuz', 'version.txt'], {}, known);
    expect(target.profiles).toEqual([beta]);
    expect(target.install).toBe(false);
  });

  it('what is named wins', () => {
    const target = importTarget(
      ['x'],
      { system: 'talos', channel: 'stable', arch: 'arm64', version: 'v1.2.3' as never },
      known,
    );
    expect(target).toMatchObject({ id: 'talos/stable/arm64', version: 'v1.2.3', profiles: [] });
  });

  it.each([
    [['linux'], {}, 'which system'],
    [['flatcar_production_pxe.vmlinuz'], {}, 'which version'],
    [['x'], { system: 'custom' as const }, 'which system'],
  ])('%j %j: asks', (names, request, message) => {
    expect(() => importTarget(names, request, known)).toThrow(message);
  });
});

it('serves its files by their names wherever they are asked for, and nothing else', async () => {
  const dir = makeFolder({ 'a/kernel': 'KERNEL', secret: 'x' });
  const stick = await openImportFolder([join(dir, 'a/kernel')]);
  onTestFinished(() => stick.close());
  expect(stick.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const path of ['/kernel', '/any/where/kernel']) {
    const answer = await fetch(stick.url + path);
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '6', 'KERNEL']);
    expect(answer.headers.get('etag')).toMatch(/^"6-/);
  }
  const head = await fetch(`${stick.url}/kernel`, { method: 'HEAD' });
  expect([head.headers.get('content-length'), await head.text()]).toEqual(['6', '']);
  for (const path of ['/secret', '/', '/a/../secret', '/%2e%2e/secret', '/kernel/'])
    expect((await fetch(stick.url + path)).status, path).toBe(404);
  // A name that cannot be decoded is somebody's mistake, not the end.
  expect((await fetch(`${stick.url}/%ff`)).status).toBe(404);
});

it('says which file is wrong', async () => {
  const dir = makeFolder({ 'a/kernel': '1', 'b/kernel': '2' });
  await expect(openImportFolder([join(dir, 'nothing')])).rejects.toMatchObject({
    code: 'not-found',
    message: 'nothing cannot be read',
  });
  await expect(openImportFolder([dir])).rejects.toMatchObject({ code: 'invalid' });
  await expect(openImportFolder([join(dir, 'a/kernel'), join(dir, 'b/kernel')])).rejects.toThrow(
    'two files are called kernel',
  );
});

it('a file that is gone meanwhile breaks the answer off', async () => {
  const dir = makeFolder({ kernel: 'KERNEL' });
  const stick = await openImportFolder([join(dir, 'kernel')]);
  onTestFinished(() => stick.close());
  writeFileSync(join(dir, 'kernel'), 'K');
  await expect(fetch(`${stick.url}/kernel`).then((answer) => answer.text())).rejects.toThrow();
});
