import { expect, it } from 'vitest';
import { openContext } from '../support/http-server.ts';

it('an installer reads the current version of a shelf, with HEAD too; what nobody boots is a 404 that says what to do', async () => {
  const appContext = await openContext({
    currentVersion: (folder) => (folder === 'flatcar/amd64' ? 'FLATCAR_VERSION=1.2.3\n' : undefined),
  });
  const url = `http://127.0.0.1:${appContext.port}/images`;
  const answer = await fetch(`${url}/flatcar/amd64/current/version.txt`);
  const head = await fetch(`${url}/flatcar/amd64/current/version.txt`, { method: 'HEAD' });
  const other = await fetch(`${url}/flatcar/%2e%2e/current/version.txt`);
  await appContext.close();
  expect([answer.status, await answer.text()]).toEqual([200, 'FLATCAR_VERSION=1.2.3\n']);
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '22']);
  expect(other.status).toBe(404);
  expect(await other.text()).toContain('-V VERSION');
});
