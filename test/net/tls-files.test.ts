import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect } from 'vitest';
import { SILENT } from '../../src/model/service.ts';
import { openTlsFiles, type TlsFiles } from '../../src/net/tls-files.ts';
import { type CertificateFiles, makeCertificate } from '../support/certificate.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

const NAMES = { cert: 'PILOTLIGHT_TLS_CERT', key: 'PILOTLIGHT_TLS_KEY' };
const DAY = 86_400_000;
const ssl = needs({ commands: ['openssl'] });

let folder: string;
let files: CertificateFiles;
let closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = makeFolder();
  files = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

function put(from: CertificateFiles, what: readonly (keyof CertificateFiles)[] = ['cert', 'key']): void {
  for (const one of what) copyFileSync(from[one], files[one]);
}

async function openFiles(more: { now?: () => number; errors?: string[] } = {}): Promise<TlsFiles> {
  const error = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    more.errors?.push(`${message}: ${String(fields['problem'])}`);
  };
  return await openTlsFiles({ ...files, names: NAMES, log: { ...SILENT, error }, now: more.now ?? Date.now });
}

/** Whose certificate a client is shown. */
async function servedBy(tls: TlsFiles): Promise<() => Promise<string>> {
  const server = createServer(tls.pair(), (_req, res) => res.end('here'));
  tls.follow(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return String(name);
  };
}

ssl.test('a renewed pair is served from the next connection on', async () => {
  put(makeCertificate(folder, 'old'));
  const tls = await openFiles();
  const shown = await servedBy(tls);
  expect(await shown()).toBe('old');
  put(makeCertificate(folder, 'new'));
  await tls.look();
  expect(await shown()).toBe('new');
  expect(tls.diagnostics()).toEqual([]);
});

ssl.test('certbot renews by another link: that is a new pair, too', async () => {
  const [first, second] = [makeCertificate(folder, 'first'), makeCertificate(folder, 'second')];
  for (const what of ['cert', 'key'] as const) symlinkSync(first[what], files[what]);
  const tls = await openFiles();
  const shown = await servedBy(tls);
  for (const what of ['cert', 'key'] as const) {
    rmSync(files[what]);
    symlinkSync(second[what], files[what]);
  }
  await tls.look();
  expect(await shown()).toBe('second');
});

ssl.test('half of a renewal, rubbish and a missing file leave the last good pair in force, said once', async () => {
  put(makeCertificate(folder, 'old'));
  const next = makeCertificate(folder, 'next');
  const errors: string[] = [];
  const tls = await openFiles({ errors });
  const shown = await servedBy(tls);
  put(next, ['cert']);
  await tls.look();
  await tls.look();
  expect(await shown()).toBe('old');
  expect(errors).toEqual([
    'the certificate is not renewed: the one before stays in force: PILOTLIGHT_TLS_KEY: the key does not belong to the ' +
      'certificate of PILOTLIGHT_TLS_CERT (the first certificate in the file must be the one that was made for this key)',
  ]);
  expect(tls.diagnostics()).toMatchObject([
    { severity: 'error', message: expect.stringContaining('stays in force') as string },
  ]);
  writeFileSync(files.cert, 'rubbish');
  await tls.look();
  rmSync(files.cert);
  await tls.look();
  const why = errors
    .slice(1)
    .map((line) => line.replace('the certificate is not renewed: the one before stays in force: ', ''));
  expect(why).toEqual([
    'PILOTLIGHT_TLS_CERT: the file holds no certificate (it must be PEM: -----BEGIN CERTIFICATE-----)',
    'PILOTLIGHT_TLS_CERT: the file cannot be read (ENOENT) (name a PEM file that this server may read)',
  ]);
  expect(await shown()).toBe('old');
  put(next);
  await tls.look();
  expect(await shown()).toBe('next');
  expect(tls.diagnostics()).toEqual([]);
});

ssl.test('a server does not start on a pair that cannot be used, and no message shows a path', async () => {
  const [one, two] = [makeCertificate(folder, 'one'), makeCertificate(folder, 'two')];
  put(one, ['cert']);
  put(two, ['key']);
  await expect(openFiles()).rejects.toMatchObject({
    code: 'broken',
    message: expect.stringContaining('does not belong') as string,
  });
  rmSync(files.key);
  const missing = await openFiles().catch((error: unknown) => error);
  expect(missing).toMatchObject({ message: 'PILOTLIGHT_TLS_KEY: the file cannot be read (ENOENT)' });
  execFileSync('openssl', ['pkey', '-in', one.key, '-aes256', '-passout', 'pass:secret', '-out', files.key]);
  await expect(openFiles()).rejects.toMatchObject({
    message: 'PILOTLIGHT_TLS_KEY: the file holds no private key without a passphrase',
    remedy: expect.stringContaining('openssl pkey') as string,
  });
  writeFileSync(files.key, readFileSync(one.cert));
  await expect(openFiles()).rejects.toMatchObject({ message: 'PILOTLIGHT_TLS_KEY: the file holds no private key' });
});

ssl.test(
  'a certificate that ends within a week is a warning, one that has ended an error; it is served all the same',
  async () => {
    put(makeCertificate(folder, 'short', 20));
    let ahead = 0;
    const tls = await openFiles({ now: () => Date.now() + ahead });
    const judged = (): readonly string[] => tls.diagnostics().map(({ severity, message }) => `${severity} ${message}`);
    expect(judged()).toEqual([]);
    ahead = 14 * DAY;
    expect(judged()).toEqual([expect.stringMatching(/^warning PILOTLIGHT_TLS_CERT: the certificate ends on 20/)]);
    ahead = 21 * DAY;
    expect(judged()).toEqual([expect.stringMatching(/^error PILOTLIGHT_TLS_CERT: the certificate has ended on 20/)]);
    expect(await (await servedBy(tls))()).toBe('short');
  },
);

ssl.test('looks by itself while it runs', async () => {
  put(makeCertificate(folder, 'old'));
  const tls = await openTlsFiles({ ...files, names: NAMES, log: SILENT, every: 5 });
  const renewed = new Promise<void>((resolve) => {
    tls.follow({
      setSecureContext: () => {
        resolve();
      },
    });
  });
  await tls.start();
  closing.push(() => tls.stop(new AbortController().signal));
  put(makeCertificate(folder, 'new'));
  await renewed;
});
