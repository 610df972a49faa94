import { afterEach, expect, test } from 'vitest';
import { Deliveries } from '../../src/http/access-log.ts';
import { Failure } from '../../src/model/failure.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import type { StoredImage } from '../../src/images/store.ts';
import { DECISION, SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, recordLog, type AppContext } from '../support/http-server.ts';
import { exchange, get, open, request } from '../support/http-raw.ts';

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

function counted(): { script: () => Promise<{ script: string; decision: typeof DECISION }>; count: () => number } {
  let made = 0;
  return {
    script: async () => {
      made += 1;
      return { script: `${SCRIPT}# ${made}\n`, decision: DECISION };
    },
    count: () => made,
  };
}

test('the same question is answered from the cache for a second, and not beyond a new generation', async () => {
  let generation = 1;
  let now = 0;
  const bootService = counted();
  appContext = await openContext({ script: bootService.script, generation: () => generation }, { now: () => now });
  const ask = async (): Promise<string> =>
    (await get(appContext.port, '/ipxe?mac=525400551cee')).body.slice(SCRIPT.length);
  expect([await ask(), await ask()]).toEqual(['# 1\n', '# 1\n']);
  now = 999;
  expect(await ask()).toBe('# 1\n');
  now = 1000;
  expect(await ask()).toBe('# 2\n');
  generation = 2;
  expect(await ask()).toBe('# 3\n');
});

test('an answer that was made while the catalog changed is not repeated', async () => {
  let generation = 1;
  const bootService = counted();
  const script: typeof bootService.script = async () => {
    const answer = await bootService.script();
    generation += 1;
    return answer;
  };
  appContext = await openContext({ script, generation: () => generation }, { now: () => 0 });
  await get(appContext.port, '/ipxe');
  await get(appContext.port, '/ipxe');
  expect(bootService.count()).toBe(2);
});

test.each([
  { outcome: 'boot', once: true },
  { outcome: 'install' },
  { outcome: 'local' },
  { outcome: 'waiting', installation: 'stopped' },
] as const)('what follows from the mark of the machine is made anew each time: %j', async (said) => {
  const { script, count } = counted();
  const decided = async () => {
    const answer = await script();
    return { ...answer, decision: { ...DECISION, ...said } };
  };
  appContext = await openContext({ script: decided }, { now: () => 0 });
  await get(appContext.port, '/ipxe');
  await get(appContext.port, '/ipxe');
  expect(count()).toBe(2);
});

test('another host, another agent, another query are other questions', async () => {
  const bootService = counted();
  appContext = await openContext({ script: bootService.script }, { now: () => 0 });
  const ask = async (host: string, agent: string, target: string): Promise<void> => {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, `User-Agent: ${agent}`, 'Connection: close'];
    await exchange(appContext.port, `${lines.join('\r\n')}\r\n\r\n`);
  };
  await ask('a', 'iPXE/1', '/ipxe');
  await ask('b', 'iPXE/1', '/ipxe');
  await ask('a', 'UefiHttpBoot/1.0', '/ipxe');
  await ask('a', 'iPXE/1', '/ipxe?mac=');
  expect(bootService.count()).toBe(4);
  await ask('a', 'iPXE/2', '/ipxe');
  expect(bootService.count()).toBe(4);
});

test('with a base URL the host is no part of the question; the agent and the query are', async () => {
  const bootService = counted();
  const baseUrl = parseOrigin('boot.lan:4777');
  appContext = await openContext({ script: bootService.script }, { now: () => 0, baseUrl });
  const ask = async (host: string, agent: string, target: string) =>
    await exchange(
      appContext.port,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
    );
  for (const host of ['a', 'b', '"']) await ask(host, 'x', '/ipxe');
  expect(appContext.bootService.calls).toEqual([
    ['script', { facts: {}, origin: 'http://boot.lan:4777', asker: '127.0.0.1' }],
  ]);
  await ask('a', 'iPXE/1', '/ipxe');
  await ask('a', 'x', '/ipxe?mac=525400551cee');
  expect(bootService.count()).toBe(3);
});

test('a method that is not allowed is refused, also where the same question was just answered', async () => {
  appContext = await openContext({ script: counted().script }, { now: () => 0 });
  await get(appContext.port, '/ipxe');
  expect((await request(appContext.port, 'DELETE', '/ipxe')).status).toBe(405);
});

/** GRUB's requests; without a Host line it is HTTP/1.0. */
async function grub(method: string, target: string, host = 'Host: h\r\n'): Promise<string> {
  const version = host === '' ? '1.0' : '1.1';
  const { text } = await exchange(
    appContext.port,
    `${method} ${target} HTTP/${version}\r\n${host}Connection: close\r\n\r\n`,
  );
  return text.split('\r\n\r\n')[1] ?? '';
}

test('what a HEAD was told is for the GET that follows it within seconds, of the same machine, and for nothing else', async () => {
  let now = 0;
  const { script, count } = counted();
  const FILE = { body: Buffer.from('x'), contentType: 'text/plain', source: 'configs/a.yml' };
  const only = {
    script,
    grub: script,
    document: async () => ({ ...(await script()), ...FILE }),
  };
  appContext = await openContext(only, { now: () => now });
  await grub('HEAD', '/grub?mac=525400000001');
  expect(await grub('GET', '/grub?mac=525400000001')).toContain('# 1');
  expect(await grub('GET', '/grub?mac=525400000002')).toContain('# 2');
  now = 4999;
  expect(await grub('GET', '/grub?mac=525400000001')).toContain('# 1');
  now = 5000;
  expect(await grub('GET', '/grub?mac=525400000001')).toContain('# 3');
  expect(await grub('GET', '/grub?mac=525400000001')).toContain('# 4');
  await grub('HEAD', '/grub?mac=525400000001', '');
  expect(await grub('GET', '/grub?mac=525400000002', '')).toContain('# 6');
  await grub('HEAD', '/ipxe');
  now = 7000;
  expect(await grub('GET', '/ipxe')).toContain('# 8');
  await grub('GET', '/configs/a');
  await grub('GET', '/configs/a');
  expect(count()).toBe(10);
});

test('a client that leaves in the middle of its report has said nothing', async () => {
  const log = recordLog();
  appContext = await openContext({}, { log });
  const socket = await open(appContext.port);
  socket.write('POST /phone-home/525400551cee HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhost', () => {
    socket.destroy();
  });
  await expect
    .poll(() => log.of('debug').map(({ message }) => message))
    .toContain('the client left in the middle of its report');
  expect(appContext.events).toEqual([]);
  expect([...log.of('warn'), ...log.of('error')]).toEqual([]);
});

test('keys that no rule knows are told of a machine’s question, not of coreos-ipxe-server’s', async () => {
  const log = recordLog();
  const answer = async () => Promise.resolve({ script: SCRIPT, decision: DECISION });
  appContext = await openContext({ script: answer, scriptOf: answer }, { log });
  await get(appContext.port, '/?profile=a&cluster=b');
  await get(appContext.port, '/schema/profile.json?a=b');
  await request(appContext.port, 'POST', '/phone-home/525400551cee?a=b', ['Content-Length: 0']);
  expect(log.of('warn')).toEqual([]);
  await get(appContext.port, '/ipxe?mac=525400551cee&serail=b');
  await get(appContext.port, '/?mac=525400551cee&sreial=b');
  expect(log.of('warn')).toHaveLength(2);
});

test('refusals and redirects are not repeated from the cache', async () => {
  let asked = 0;
  appContext = await openContext(
    {
      script: async () => {
        asked += 1;
        throw new Failure('not-found', 'no');
      },
      start: () => SCRIPT,
    },
    { now: () => 0 },
  );
  await get(appContext.port, '/ipxe');
  await get(appContext.port, '/ipxe');
  expect(asked).toBe(2);
  expect((await get(appContext.port, '/', ['User-Agent: Mozilla'])).status).toBe(302);
  expect((await get(appContext.port, '/', ['User-Agent: iPXE/1'])).status).toBe(200);
  expect((await get(appContext.port, '/', ['User-Agent: Mozilla'])).status).toBe(302);
});

test('HEAD and GET share the cache, HEAD without a body', async () => {
  const bootService = counted();
  appContext = await openContext({ script: bootService.script }, { now: () => 0 });
  await get(appContext.port, '/ipxe');
  const head = await exchange(
    appContext.port,
    `HEAD /ipxe HTTP/1.1\r\nHost: 127.0.0.1:${appContext.port}\r\nConnection: close\r\n\r\n`,
  );
  expect([head.status, head.body, bootService.count()]).toEqual([200, '', 1]);
  await request(appContext.port, 'HEAD', '/ipxe?mac=525400551cee');
  expect(appContext.bootService.calls.map(([, asked]) => asked)).toMatchObject([
    { asker: '127.0.0.1' },
    // Nothing leaves that a machine could run: an installer is given to none.
    { asker: undefined },
  ]);
  expect(appContext.events.map((event) => event.bytes)).toEqual([SCRIPT.length + 4, 0, 0]);
});

function shelfFile(text: string): StoredImage & { closed: number } {
  const bytes = Buffer.from(text);
  return {
    path: 'a/b',
    size: bytes.length,
    mtimeMs: 0,
    etag: '"e"',
    closed: 0,
    slice: (start, end) => ({ bytes: bytes.subarray(start, end), release: () => undefined }),
    close() {
      this.closed += 1;
    },
  };
}

test('an image comes out of the image store, by its plain path', async () => {
  const asked: string[] = [];
  const file = shelfFile('kernel');
  appContext = await openContext(
    {},
    {
      imageStore: {
        open: async (path) => {
          asked.push(path);
          return file;
        },
      },
    },
  );
  const answer = await get(appContext.port, '/images/amd64-usr/1.0/a%20b?x=1', ['Range: bytes=1-2']);
  expect([answer.status, answer.body, answer.headers['etag']]).toEqual([206, 'er', '"e"']);
  expect([asked, file.closed]).toEqual([['amd64-usr/1.0/a b'], 1]);
  await appContext.close();
  expect(appContext.events).toMatchObject([
    { kind: 'image', status: 206, bytes: 2, method: 'GET', path: '/images/amd64-usr/1.0/a%20b', complete: true },
  ]);
  expect(appContext.log.of('warn')).toEqual([]);
});

test('how far an image is on its way to whom is known until it is there, and how long that took', async () => {
  const deliveries = new Deliveries();
  let now = 1000;
  let seen: unknown;
  const file = {
    ...shelfFile('kernel'),
    slice: (start: number, end: number) => {
      if (start === 4) seen = structuredClone(deliveries.running());
      now += 7;
      return { bytes: Buffer.from('kernel').subarray(start, Math.min(end, start + 4)), release: () => undefined };
    },
  };
  appContext = await openContext({}, { imageStore: { open: async () => file }, deliveries, now: () => now });
  expect((await get(appContext.port, '/images/a/b')).body).toBe('kernel');
  expect(seen).toEqual([{ from: '127.0.0.1', file: 'a/b', size: 6, position: 4 }]);
  expect(deliveries.running()).toEqual([]);
  expect(appContext.events).toMatchObject([{ kind: 'image', bytes: 6, ms: 14 }]);
});

test('an image that fails before its first byte is a plain status', async () => {
  appContext = await openContext(
    {},
    { imageStore: { open: async () => Promise.reject(new Failure('unavailable', 'too many open files')) } },
  );
  const answer = await get(appContext.port, '/images/a');
  expect([answer.status, answer.body, answer.headers['retry-after']]).toEqual([503, 'too many open files\n', '5']);
  expect(appContext.events).toMatchObject([{ kind: 'image', status: 503 }]);
  // It is logged as what could not be answered, and not a second time as a machine that was refused.
  expect(appContext.log.of('warn').map(({ message }) => message)).toEqual(['a request could not be answered']);
});

test('an image that fails in the middle ends the connection', async () => {
  const file: StoredImage = {
    ...shelfFile('x'.repeat(100)),
    slice: (start) => {
      if (start > 0) throw new Failure('unavailable', 'changed under the reader');
      return { bytes: Buffer.from('0123456789'), release: () => undefined };
    },
  };
  appContext = await openContext({}, { imageStore: { open: async () => file } });
  const answer = await get(appContext.port, '/images/a');
  expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([200, '100', '0123456789']);
  expect(appContext.log.of('warn')).toMatchObject([
    { message: 'a download was cut', fields: { url: '/images/a', err: { message: 'changed under the reader' } } },
  ]);
});

test('a bug in the middle of an image ends the connection, and is logged once', async () => {
  const file: StoredImage = {
    ...shelfFile('x'.repeat(100)),
    slice: (start) => {
      if (start > 0) throw new TypeError('bug');
      return { bytes: Buffer.from('0123456789'), release: () => undefined };
    },
  };
  appContext = await openContext({}, { imageStore: { open: async () => file } });
  expect((await get(appContext.port, '/images/a')).body).toBe('0123456789');
  expect(appContext.log.of('error').map((line) => line.message)).toEqual(['internal error']);
});

test('a listener that fails harms no answer', async () => {
  appContext = await openContext(
    { start: () => SCRIPT },
    {
      onAnswer: () => {
        throw new TypeError('x');
      },
    },
  );
  expect((await get(appContext.port, '/boot.ipxe')).status).toBe(200);
  expect((await get(appContext.port, '/boot.ipxe')).status).toBe(200);
  expect(appContext.log.of('error')).toHaveLength(2);
});

test('the absolute form names its own host', async () => {
  appContext = await openContext({ start: (origin) => `${SCRIPT}# ${origin}\n` });
  const answer = await exchange(
    appContext.port,
    'GET http://boot.lan:1/boot.ipxe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  expect(answer.body).toBe(`${SCRIPT}# http://boot.lan:1\n`);
  const evil = await exchange(
    appContext.port,
    'GET http://u@boot.lan/boot.ipxe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  expect(evil.status).toBe(400);
});

test('HTTP/1.0 without a Host line gets the address that it asked, and no other client’s', async () => {
  appContext = await openContext({ start: (origin) => `${SCRIPT}# ${origin}\n` });
  const answer = await exchange(appContext.port, 'GET /boot.ipxe HTTP/1.0\r\n\r\n');
  expect(answer.body).toBe(`${SCRIPT}# http://127.0.0.1:${appContext.port}\n`);
});
