import { afterEach, describe, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { Reports } from '../../src/http/reports.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { get, request, type RawAnswer, exchange } from '../support/http-raw.ts';

const MAC = '52:54:00:55:1c:ee';
const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';

let appContext: AppContext;
let heard: [string, ...unknown[]][];
afterEach(async () => {
  await appContext.close();
});

async function open(refuse?: Failure): Promise<void> {
  heard = [];
  const hear = (...call: [string, ...unknown[]]): Promise<void> => {
    heard.push(call);
    return refuse === undefined ? Promise.resolve() : Promise.reject(refuse);
  };
  const reports: Reports = {
    up: (machine, said) => hear('up', machine, said),
    installed: (machine) => hear('installed', machine),
  };
  appContext = await openContext({}, { reports });
}

async function post(target: string, body = '', refuse?: Failure): Promise<RawAnswer> {
  await open(refuse);
  const lines = [`POST ${target} HTTP/1.1`, 'Host: x', 'Connection: close', `Content-Length: ${body.length}`];
  return await exchange(appContext.port, `${lines.join('\r\n')}\r\n\r\n${body}`);
}

describe('a report', () => {
  test('that a machine is up is noted, with what it says', async () => {
    const answer = await post('/phone-home/52-54-00-55-1C-EE', 'hostname=a&instance_id=i-1');
    expect([answer.status, answer.body]).toEqual([200, 'noted\n']);
    expect(heard).toEqual([['up', { facts: { mac: MAC }, asker: '127.0.0.1' }, { hostname: 'a', instance_id: 'i-1' }]]);
    expect(appContext.events.at(-1)).toMatchObject({ kind: 'report', status: 200, facts: { mac: MAC } });
  });

  test('that it is installed is noted', async () => {
    expect((await post('/installed/525400551cee')).body).toBe('noted\n');
    expect(heard).toEqual([['installed', { facts: { mac: MAC }, asker: '127.0.0.1' }]]);
  });

  test.each([
    [`/installed/52-54-00-55-1c-ee?uuid=${UUID}`, { facts: { mac: MAC, uuid: UUID } }],
    [`/installed/uuid=${UUID}&serial=PF0%20X1`, { facts: { uuid: UUID, serial: 'PF0 X1' } }],
    [`/installed/${UUID}`, { facts: { uuid: UUID } }],
    [`/installed/52-54-00-55-1c-ee?token=plt-x`, { facts: { mac: MAC }, token: 'plt-x' }],
    [`/installed/52-54-00-55-1c-ee/`, { facts: { mac: MAC } }],
    [`/installed/52-54-00-55-1c-ee?profile=live`, { facts: { mac: MAC }, choice: 'live' }],
    [`/installed/mac=525400551cee&profile=live`, { facts: { mac: MAC }, choice: 'live' }],
    [`/installed/52-54-00-55-1c-ee?mac=525400551cee&profile=../x`, { facts: { mac: MAC } }],
  ])('%s', async (target, who) => {
    expect((await post(target)).status).toBe(200);
    expect(heard).toEqual([['installed', { ...who, asker: '127.0.0.1' }]]);
  });

  test.each([
    ['/phone-home/', 404],
    ['/phone-home//', 404],
    ['/phone-home/a/b', 404],
    ['/phone-home/nobody', 400],
    ['/phone-home/525400551cee?uuid=x', 400],
    ['/phone-home/525400551cee?mac=525400000001', 400],
    ['/phone-home/serial=A?serial=B', 400],
    [`/installed/${UUID}?uuid=11111111-2222-3333-4444-555555555555`, 400],
    ['/phone-home/%zz', 400],
  ])('%s is nobody: %i', async (target, status) => {
    const answer = await post(target);
    expect(answer.status).toBe(status);
    expect(answer.body.trimEnd()).not.toContain('\n');
    expect(heard).toEqual([]);
  });

  test('that is refused gets the reason', async () => {
    const refused = new Failure('conflict', 'profiles/a.json installs nothing', { remedy: 'add it' });
    const answer = await post('/installed/525400551cee', '', refused);
    expect([answer.status, answer.body]).toEqual([409, 'profiles/a.json installs nothing (add it)\n']);
  });

  test('over 16 KiB is too much, and is not heard', async () => {
    expect((await post('/phone-home/525400551cee', 'x'.repeat(16 * 1024 + 1))).status).toBe(413);
    expect(heard).toEqual([]);
    await appContext.close();
    expect((await post('/phone-home/525400551cee', 'x'.repeat(16 * 1024))).status).toBe(200);
  });

  test('is a POST and nothing else', async () => {
    await open();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await request(appContext.port, method, '/phone-home/525400551cee');
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'POST']);
    }
    expect((await get(appContext.port, '/installed/525400551cee')).status).toBe(405);
    expect(heard).toEqual([]);
  });
});
