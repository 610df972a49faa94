import { mkdtemp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openContext, type AppContext } from '../support/http-server.ts';
import { get } from '../support/http-raw.ts';

// Nothing of this may reach the boot service: the fake throws, which would be a 500.
let appContext: AppContext;
beforeEach(async () => {
  appContext = await openContext();
});
afterEach(async () => {
  expect(appContext.bootService.calls).toEqual([]);
  expect(appContext.log.of('error')).toEqual([]);
  await appContext.close();
});

const NAMES = [
  '',
  '..',
  '../a',
  '..%2fa',
  '%2e%2e%2fa',
  '%252e%252e%252fa',
  '../../../npm/package',
  '/etc/passwd',
  'a/../../b',
  '..%5ca',
  '..\\a',
  'a%00',
  'a%00.json',
  '%c0%ae%c0%ae%c0%afa',
  '%uff0e',
  '%E0%A4%A',
  '.hidden',
  '-rf',
  'a%0ab',
  '%20a',
  '%7b%7bconstructor%7d%7d',
  '$%7bx%7d',
  'x'.repeat(300),
];

test.each(NAMES)('a name %j', async (name) => {
  for (const target of [`/?profile=${name}`, `/keys?name=${name}`]) {
    const answer = await get(appContext.port, target);
    expect([answer.status, answer.headers['content-type']], target).toEqual([400, 'text/plain; charset=utf-8']);
    expect(answer.body.trimEnd().split('\n'), target).toHaveLength(1);
  }
});

test.each(NAMES)('a file %j', async (name) => {
  for (const target of [`/configs/${name}`, `/configs/${name}.yml`, `/profiles/${name}.json`, `/profiles/${name}`]) {
    // `.yml` and `.json` alone are names that begin with a dot, and `-rf.yml` begins with a dash.
    expect([400, 404], target).toContain((await get(appContext.port, target)).status);
  }
});

test.each([
  '/images/../profiles/a.json',
  '/images/..',
  '/images/%2e%2e/x',
  '/images/%252e%252e/x',
  '/images/..%2fx',
  '/images/%2e%2e%2fx',
  '/images/..%5cx',
  '/images/..\\x',
  '/images/%c0%ae%c0%ae/x',
  '/images/%e0%80%ae/x',
  '/images/a%00b',
  '/images//etc/passwd',
  '/images/',
  '/images/a/',
  '/images/./a',
  '/images',
  '/images-private/x',
  '//images/a',
  '/../images/a',
  '/%2e%2e/images/a',
  '/.%2e/.%2e/etc/passwd',
  '//evil.example/..',
  '//evil.example/%2e%2e',
  '/profiles/',
  '/profiles',
  '/configs',
  '/nocloud/525400551cee/',
  '/nocloud/525400551cee/../user-data',
  '/nocloud/525400551cee/user-data/x',
  '/dashboard/%',
])('leads nowhere: %s', async (target) => {
  const answer = await get(appContext.port, target);
  expect([400, 404], answer.body).toContain(answer.status);
  expect(answer.headers['location']).toBeUndefined();
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
});

test.each([
  '/ipxe?mac=1&mac=2',
  '/?profile=a&profile=b',
  '/keys?name=a&name=b',
  '/?profile[x]=1',
  '/ipxe?profile[x]=1',
  '/ipxe?__proto__[x]=1',
  '/ipxe?constructor[prototype][x]=1',
  `/ipxe?${Array.from({ length: 33 }, (_, i) => `k${i}=1`).join('&')}`,
  '/ipxe?mac=zz',
  '/ipxe?mac=%',
  '/ipxe?mac=%E0%A4%A',
  '/ipxe?uuid=1',
  '/ipxe?arch=mips',
  '/ipxe?platform=%24%7Bplatform%7D',
  '/ipxe?serial=a%0aecho%20INJECTED',
  '/ipxe?hostname=%0d%0aSet-Cookie:x',
  '/ipxe?asset=%1b[2J',
  `/ipxe?product=${'x'.repeat(257)}`,
  '/nocloud/52:54:00/user-data',
  '/nocloud/%zz/user-data',
  '/v1/boot/aaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  '/v1/boot/',
  '/v1/boot/..%2f..',
  '/configs/a.yml?mac=zz',
  '/ignition?uuid=zz',
])('400: %s', async (target) => {
  const answer = await get(appContext.port, target);
  expect(answer.status, answer.body).toBe(400);
  expect(answer.body.trimEnd().split('\n')).toHaveLength(1);
  expect(answer.text).not.toMatch(/node_modules|\/work\/|at \w+ \(/);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('too much of it', async () => {
  expect((await get(appContext.port, `/ipxe?serial=${'x'.repeat(5 * 1024)}`)).status).toBe(414);
  expect((await get(appContext.port, `/${'x'.repeat(5 * 1024)}`)).status).toBe(414);
  expect((await get(appContext.port, '/ipxe', [`X: ${'x'.repeat(17 * 1024)}`])).status).toBe(431);
  expect((await get(appContext.port, `/ipxe?serial=${'x'.repeat(100_000)}`)).status).toBe(431);
  const bomb = Array.from({ length: 3000 }, (_, i) => `X-${i}: y`);
  expect((await get(appContext.port, '/ipxe', bomb)).status).toBe(431);
});

test.each(['a-', ':', '{', '/a', '%2f'])('a long path of %j is refused quickly', async (piece) => {
  for (const length of [4000, 64 * 1024]) {
    const before = performance.now();
    const answer = await get(appContext.port, `/${piece.repeat(length / piece.length)}`);
    expect([404, 414, 431]).toContain(answer.status);
    expect(performance.now() - before).toBeLessThan(5000);
  }
});

test('log lines hold what came as fields, never as text of their own', async () => {
  await get(appContext.port, '/ipxe?mac=%0d%0a%1b[31m', ['User-Agent: a\tb\u00ff']);
  expect(appContext.log.lines).toHaveLength(2);
  for (const line of appContext.log.lines) {
    expect(line.message).toMatch(/^[a-z ]+$/);
    expect(JSON.stringify(line.fields)).toMatch(/^[\x20-\x7e]+$/);
  }
});

test('a link out of images/ is not followed, and one inside is', async () => {
  // With the real shelf: what the server hands on must stay inside, whatever the folder holds.
  const dir = await mkdtemp(join(tmpdir(), 'pilotlight-http-'));
  await mkdir(join(dir, 'images', 'x'), { recursive: true });
  await writeFile(join(dir, 'secret'), 'canary');
  await writeFile(join(dir, 'images', 'x', 'kernel'), 'kernel');
  await symlink(join(dir, 'images', 'x', 'kernel'), join(dir, 'images', 'inside'));
  await symlink('/etc/passwd', join(dir, 'images', 'outside'));
  const { openDataRoot } = await import('../../src/files/data-root.ts');
  const { ChunkCache } = await import('../../src/images/chunk-cache.ts');
  const { openImageStore } = await import('../../src/images/store.ts');
  const imageStore = openImageStore(await openDataRoot(dir), new ChunkCache(1 << 20));
  const real = await openContext({}, { imageStore });
  try {
    expect((await get(real.port, '/images/inside')).body).toBe('kernel');
    for (const path of [
      'outside',
      '../secret',
      '%2e%2e/secret',
      '..%2fsecret',
      'x/../../secret',
      'x/..%5c..%5csecret',
    ]) {
      const answer = await get(real.port, `/images/${path}`);
      expect([403, 404], path).toContain(answer.status);
      expect(answer.text, path).not.toMatch(/canary|root:/);
    }
    expect((await get(real.port, '/images/x')).status).not.toBe(200);
  } finally {
    await real.close();
  }
});
