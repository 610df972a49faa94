import { join } from 'node:path';
import { expect, it } from 'vitest';
import { likelyOrigin, readContext } from '../../src/context/app-context.ts';
import { makeFolder } from '../support/folder.ts';
import { originOf, settingsFor } from '../support/app-context.ts';

it('tells who started it which folder is not there, and how to name another', async () => {
  const dir = join(makeFolder(), 'nowhere');
  await expect(readContext(settingsFor(dir))).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(dir) as string,
    remedy: expect.stringContaining('PILOTLIGHT_DATA_DIR') as string,
  });
  const file = join(makeFolder({ 'configs/a.yml': '' }), 'configs/a.yml');
  await expect(readContext(settingsFor(file))).rejects.toMatchObject({ code: 'invalid' });
});

it.each([
  [{ baseUrl: originOf('boot.lan') }, 'http://boot.lan'],
  [{ http: { host: '0.0.0.0', port: 4777 } }, 'http://127.0.0.1:4777'],
  [{ http: { host: '::', port: 4777 } }, 'http://127.0.0.1:4777'],
  [{ http: { host: '::1', port: 80 } }, 'http://[::1]:80'],
  [{ http: { host: '10.0.0.1', port: 8080 } }, 'http://10.0.0.1:8080'],
])('without a request the base URL is what the settings say: %j', (more, expected) => {
  expect(likelyOrigin(settingsFor('/', more))).toBe(expected);
});
