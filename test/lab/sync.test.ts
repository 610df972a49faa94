import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { makeDataFolder } from '../support/lab-data.ts';
import { bootMachine, startMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { digestsText, versionTxt } from '../support/upstream-formats.ts';
import { Upstream } from '../support/upstream-server.ts';

const top = join(import.meta.dirname, '..', '..');
const VERSION = '4593.2.6';
const FOLDER = `/flatcar/stable/amd64-usr/${VERSION}`;

const { lab, payload } = await labEquipment();

/** A publisher that has Debian's kernel and our initramfs under Flatcar's names, signed with a key made for the test. */
async function publisher() {
  const vendor = makeVendor();
  const upstream = new Upstream();
  await upstream.start();
  upstream.put('/flatcar/stable/amd64-usr/current/version.txt', versionTxt('FLATCAR', VERSION));
  const text = versionTxt('FLATCAR', VERSION);
  upstream.put(`${FOLDER}/version.txt`, text);
  upstream.put(`${FOLDER}/version.txt.sig`, vendor.sign(Buffer.from(text)));
  const files = {
    'flatcar_production_pxe.vmlinuz': await readFile(payload.kernel),
    'flatcar_production_pxe_image.cpio.gz': await readFile(payload.initramfs),
  };
  for (const [name, data] of Object.entries(files)) {
    upstream.put(`${FOLDER}/${name}`, data);
    upstream.put(`${FOLDER}/${name}.sig`, vendor.sign(data));
    upstream.put(`${FOLDER}/${name}.DIGESTS`, digestsText({ [name]: data }));
  }
  const env = {
    PILOTLIGHT_MIRROR_FLATCAR: upstream.url('/flatcar'),
    PILOTLIGHT_TRUST_FLATCAR: vendor.primary.fingerprint,
  };
  return { upstream, vendor, env, [Symbol.asyncDispose]: () => upstream.stop() };
}

/** The shipped profiles and documents, and nothing else but the publisher's key. */
async function shipped(key: string) {
  const data = await makeDataFolder();
  await cp(join(top, 'profiles'), join(data.path, 'profiles'), { recursive: true });
  await cp(join(top, 'configs'), join(data.path, 'configs'), { recursive: true });
  await mkdir(join(data.path, 'state/keys'), { recursive: true });
  await writeFile(join(data.path, 'state/keys/flatcar.asc'), key);
  return data;
}

lab.test('pilotlight sync brings the shipped profiles a release, and a machine boots it', async () => {
  await using source = await publisher();
  await using data = await shipped(source.vendor.publicKey);
  const before = await readFile(join(data.path, 'profiles/seed.json'), 'utf8');
  expect(spawnSync(process.execPath, [join(top, 'scripts/build.mjs'), '--if-needed']).status).toBe(0);

  const { stdout } = await promisify(execFile)(process.execPath, [join(top, 'dist/main.js'), 'sync'], {
    cwd: data.path,
    env: { PATH: process.env['PATH'], ...source.env },
  });

  expect(stdout).toContain(`flatcar/stable/amd64  ${VERSION}  updated  seed\n`);
  const after = await readFile(join(data.path, 'profiles/seed.json'), 'utf8');
  expect(after).toBe(before.replace('"4593.2.5"', `"${VERSION}"`));
  await using server = await startServer({ dataDir: data.path });
  const run = await bootMachine({ name: 'synced', url: `${server.guestUrl}/boot.ipxe`, mac: '52:54:00:55:1c:ee' });
  expect(run.mac).toBe('52:54:00:55:1c:ee');
  expect(run.documents[0]?.bytes.toString()).toContain('a-coreos');
});

lab.test('a machine that is early waits before the server has fetched anything, and boots by itself', async () => {
  await using source = await publisher();
  await using data = await shipped(source.vendor.publicKey);
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const kernel = source.upstream.get(`${FOLDER}/flatcar_production_pxe.vmlinuz`);
  source.upstream.fail(`${FOLDER}/flatcar_production_pxe.vmlinuz`, (response) => {
    response.writeHead(200, { 'content-length': kernel.length, etag: '"1"' });
    response.write(kernel.subarray(0, kernel.length / 4));
    gate.then(
      () => response.end(kernel.subarray(kernel.length / 4)),
      () => undefined,
    );
  });
  await using server = await startServer({ dataDir: data.path, env: { ...source.env, PILOTLIGHT_SYNC: '17 4 * * *' } });
  await using machine = startMachine({ name: 'early', url: `${server.guestUrl}/boot.ipxe`, mac: '52:54:00:47:51:e4' });
  await machine.until(
    new RegExp(`The release sync fetches version ${VERSION.replaceAll('.', '\\.')}: \\d+ % of [\\d.]+ [KM]iB`),
  );
  open();
  const run = await machine.done();
  expect(run.documents[0]?.bytes.toString()).toContain('b-coreos');
});
