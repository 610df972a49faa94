import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { get, open, parseAnswer, readAll } from '../support/http-raw.ts';
import { serveChild, type Served } from '../support/served.ts';

const MAC = '52:54:00:12:34:56';
const TOKEN = 'a-token-of-a-test-that-is-long';
const FILES = {
  'profiles/a.json': { version: '1' },
  'images/four': Buffer.alloc(4 * 2 ** 20, 'x'),
};
/** A thousand by hand: ROUNDS=1000 npx vitest run --project unit test/acceptance/hostile-requests.test.ts */
const ROUNDS = Number(process.env['ROUNDS'] ?? 25);

function serve(): Served {
  return serveChild(makeFolder(FILES), {
    env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN, PILOTLIGHT_LOG_LEVEL: 'debug', PILOTLIGHT_LOG_FORMAT: 'json' },
  });
}

/** Asks for boot scripts, one after the other, until it is told to stop; gives how many it asked for and got. */
function askForScripts(port: number): () => Promise<{ readonly asked: number; readonly answered: number }> {
  const end = new AbortController();
  let asked = 0;
  let answered = 0;
  const loop = (async () => {
    while (!end.signal.aborted) {
      asked += 1;
      const answer = await get(port, `/ipxe?mac=${MAC}&n=${asked}`).catch(() => undefined);
      if (answer?.status === 200 && answer.body.startsWith('#!ipxe')) answered += 1;
    }
  })();
  return async () => {
    end.abort();
    await loop;
    return { asked, answered };
  };
}

/** Sends a head and three million bytes in chunks, as curl -T - does; gives the status of the answer. */
async function pour(port: number, head: string, bytes = 3_000_000): Promise<number> {
  const socket = await open(port);
  const text = readAll(socket);
  socket.write(`${head}\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = Buffer.alloc(65_536);
  for (let sent = 0; sent < bytes && socket.writable; sent += chunk.length) {
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    if (!socket.write('\r\n')) await Promise.race([once(socket, 'drain'), text]);
  }
  if (socket.writable) socket.write('0\r\n\r\n');
  return parseAnswer(await text).status;
}

/** Sends bytes and leaves: resets the connection, or ends it, as soon as they are out. */
async function leave(port: number, bytes: string, how: 'reset' | 'end'): Promise<void> {
  const socket = await open(port);
  socket.on('error', () => undefined).resume();
  const closed = once(socket, 'close');
  await new Promise<void>((resolve) => {
    socket.write(Buffer.from(bytes, 'latin1'), () => {
      resolve();
    });
  });
  if (how === 'reset') socket.resetAndDestroy();
  else socket.end();
  await closed;
}

async function alive(served: Served): Promise<void> {
  expect(await get(await served.port, `/ipxe?mac=${MAC}`)).toMatchObject({ status: 200 });
  expect(served.child.exitCode).toBeNull();
  expect(served.said()).not.toMatch(/"level":(?:50|60|"error")/);
  expect(served.said()).not.toContain('\n    at ');
}

const FORM = 'Content-Type: application/x-www-form-urlencoded\r\nConnection: close';
const JSON_HEAD = `Content-Type: application/json\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close`;

test(
  'bodies over every limit, chunked: each is answered 413, and every boot script meanwhile is answered',
  { timeout: 600_000 },
  async () => {
    const served = serve();
    const port = await served.port;
    const scripts = askForScripts(port);
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      statuses.push(await pour(port, `POST /dashboard/login HTTP/1.1\r\n${FORM}`));
      statuses.push(await pour(port, `PUT /api/v1/profiles/x HTTP/1.1\r\n${JSON_HEAD}`, 20_000_000));
      statuses.push(await pour(port, `POST /installed/${MAC} HTTP/1.1\r\nConnection: close`));
    }
    const { asked, answered } = await scripts();
    expect(statuses).toEqual(Array.from({ length: 3 * ROUNDS }, () => 413));
    expect(asked).toBeGreaterThan(0);
    expect(answered).toBe(asked);
    await alive(served);
  },
);

test(
  'requests that are left at every byte, by an end and by a reset, take nothing down',
  { timeout: 600_000 },
  async () => {
    const served = serve();
    const port = await served.port;
    const requests = [
      `GET /ipxe?mac=${MAC} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /images/four HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /dashboard HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
      `GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
      `POST /dashboard/login HTTP/1.1\r\nHost: a\r\n${FORM}\r\nContent-Length: ${6 + TOKEN.length}\r\n\r\ntoken=${TOKEN}`,
      `POST /installed/${MAC} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na=bc`,
      `POST /phone-home/${MAC} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\nX: y\r\n\r\n`,
      `PUT /discovery/abc/def HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nvalue=x`,
      `CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /dashboard HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      `POST /dashboard/login HTTP/1.1\r\nHost: a\r\n${FORM}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
      `GET http://other.example/ipxe?mac=${MAC} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /dashboard/login HTTP/1.0\r\n\r\n`,
      `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n`,
      `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS`,
    ];
    const scripts = askForScripts(port);
    for (const request of requests) {
      // Every byte of the shorter ones would be 3,000 connections: every seventh, and always the whole.
      const cuts = [...Array(request.length).keys()].filter((at) => at % 7 === 1).concat(request.length);
      for (const how of ['reset', 'end'] as const)
        await Promise.all(cuts.map((cut) => leave(port, request.slice(0, cut), how)));
    }
    const { asked, answered } = await scripts();
    expect(answered).toBe(asked);
    await alive(served);
    // Nobody is left in the books: 64 watchers are as many as there may be.
    const watchers: Socket[] = [];
    for (let i = 0; i < 64; i += 1) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write(requests[3] ?? '');
      const [first] = (await once(socket, 'data')) as [Buffer];
      expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
      watchers.push(socket);
    }
    for (const socket of watchers) socket.destroy();
  },
);

test('odd but whole requests get an answer of HTTP and the connection goes on or ends', async () => {
  const served = serve();
  const port = await served.port;
  const answers = async (bytes: string): Promise<number> => {
    const socket = await open(port);
    const text = readAll(socket);
    socket.write(Buffer.from(bytes, 'latin1'));
    return parseAnswer(await text).status;
  };
  const close = 'Host: a\r\nConnection: close';
  expect(await answers(`CONNECT a:1 HTTP/1.1\r\n${close}\r\n\r\n`)).toBe(405);
  expect(await answers(`GET /boot.ipxe HTTP/1.0\r\n\r\n`)).toBe(200);
  expect(await answers(`GET http://a/boot.ipxe HTTP/1.1\r\n${close}\r\n\r\n`)).toBe(200);
  expect(await answers(`GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: h2c\r\n\r\n`)).toBe(200);
  expect(await answers(`GET /boot.ipxe HTTP/1.1\r\n${close}\r\nExpect: tea\r\n\r\n`)).toBe(417);
  const trailers = '3\r\na=b\r\n0\r\nX-Trailer: y\r\n\r\n';
  expect(
    await answers(`POST /phone-home/${MAC} HTTP/1.1\r\n${close}\r\nTransfer-Encoding: chunked\r\n\r\n${trailers}`),
  ).toBe(404); // a machine that no profile names: the body was read all the same
  await alive(served);
});
