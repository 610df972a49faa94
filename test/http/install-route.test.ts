import { afterEach, expect, test } from 'vitest';
import type { DocumentAnswer } from '../../src/boot/boot-service.ts';
import { DECISION } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { get } from '../support/http-raw.ts';

const ANSWER: DocumentAnswer = {
  body: Buffer.from('{}\n'),
  contentType: 'application/json',
  source: 'profiles/a.json',
  decision: DECISION,
};

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

test.each([
  ['52-54-00-55-1c-ee/ignition', 'ignition', { mac: '52:54:00:55:1c:ee' }],
  ['52:54:00:55:1C:EE/cloud-config', 'cloud_config', { mac: '52:54:00:55:1c:ee' }],
  ['mac=52-54-00-55-1c-ee&serial=a%2Fb/ignition', 'ignition', { mac: '52:54:00:55:1c:ee', serial: 'a/b' }],
])('/install/%s', async (path, kind, facts) => {
  appContext = await openContext({ installer: async () => ANSWER });
  const answer = await get(appContext.port, `/install/${path}`);
  expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([200, '{}\n', 'application/json']);
  expect(appContext.bootService.calls).toEqual([
    ['installer', kind, { facts, origin: `http://127.0.0.1:${appContext.port}`, asker: '127.0.0.1' }],
  ]);
  const again = await get(appContext.port, `/install/${path}`, [`If-None-Match: ${answer.headers['etag'] ?? ''}`]);
  expect(again.status).toBe(304);
});

test.each(['52-54-00-55-1c-ee/grub', '52-54-00-55-1c-ee', '52-54-00-55-1c-ee/ignition/x', '/ignition'])(
  '/install/%s is no installer’s file',
  async (path) => {
    appContext = await openContext({});
    const answer = await get(appContext.port, `/install/${path}`);
    expect(answer.status === 404 || answer.status === 400).toBe(true);
    expect(appContext.bootService.calls).toEqual([]);
  },
);
