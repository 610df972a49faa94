import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import {
  answerBroken,
  codeOf,
  DEFAULT_LIMITS,
  listen,
  listenFailure,
  refuseTunnel,
  urlOf,
} from '../../src/http/listen.ts';
import type { RequestHead } from '../../src/http/request.ts';
import { closingReply, Connections, crowdedReply, guardRequest } from '../../src/server/http-server.ts';
import { parseAnswer } from '../support/http-raw.ts';

test('slow clients are gone within 15 s, and a request within 35 s', () => {
  expect(DEFAULT_LIMITS.headersTimeout + DEFAULT_LIMITS.checkInterval).toBeLessThanOrEqual(15_000);
  expect(DEFAULT_LIMITS.requestTimeout + DEFAULT_LIMITS.checkInterval).toBeLessThanOrEqual(35_000);
});

test('an address fits into the headers', () => {
  expect(DEFAULT_LIMITS.maxUrl).toBeLessThan(DEFAULT_LIMITS.maxHeaderSize);
  expect([DEFAULT_LIMITS.maxHeaderSize, DEFAULT_LIMITS.maxConnections]).toEqual([16_384, 16_384]);
});

function away(url: string, head: Partial<RequestHead> = {}, httpVersion = '1.1'): number | undefined {
  const req = { url, httpVersion } as unknown as IncomingMessage;
  return guardRequest(req, { host: 'a', hosts: 1, userAgent: '', ...head }, DEFAULT_LIMITS)?.status;
}

test('lets an ordinary request in', () => {
  expect(away('/ipxe')).toBeUndefined();
  expect(away('/x'.repeat(2048))).toBeUndefined();
});

test('one Host line, except in HTTP/1.0', () => {
  expect(away('/', { hosts: 2 })).toBe(400);
  expect(away('/', { hosts: 2 }, '1.0')).toBe(400);
  expect(away('/', { host: undefined, hosts: 0 })).toBe(400);
  expect(away('/', { host: undefined, hosts: 0 }, '1.0')).toBeUndefined();
});

test('4 KiB of address', () => {
  expect(away(`/${'x'.repeat(4096)}`)).toBe(414);
});

test('what is turned away for now says when to come back, and closes', () => {
  for (const reply of [closingReply(), crowdedReply()]) {
    expect(reply.status).toBe(503);
    expect(reply.headers.join(' ')).toMatch(/Connection close.*Retry-After 5/);
  }
});

const error = (code: string): Error => Object.assign(new Error('x'), { code });

function sent(act: (socket: PassThrough) => void): { text: string; destroyed: boolean } {
  const socket = new PassThrough();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const write = socket.write.bind(socket);
  socket.write = (chunk: string) => {
    chunks.push(Buffer.from(chunk));
    return write('');
  };
  act(socket);
  return { text: Buffer.concat(chunks).toString(), destroyed: socket.destroyed };
}

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_INVALID_METHOD', 400],
])('%s is %d', (code, status) => {
  const { text, destroyed } = sent((socket) => {
    answerBroken(error(code), socket, new Set());
  });
  const answer = parseAnswer(text);
  expect([answer.status, answer.headers['connection'], destroyed]).toEqual([status, 'close', true]);
  expect(answer.headers['content-length']).toBe(String(answer.body.length));
  expect(answer.body).toMatch(/^[^\n]+\n$/);
});

test('nothing is written to who has gone, or into an answer that has begun', () => {
  expect(
    sent((socket) => {
      answerBroken(error('ECONNRESET'), socket, new Set());
    }),
  ).toEqual({ text: '', destroyed: true });
  const begun = new Set([{ headersSent: true } as unknown as ServerResponse]);
  expect(
    sent((socket) => {
      answerBroken(error('HPE_X'), socket, begun);
    }),
  ).toEqual({ text: '', destroyed: true });
  const waiting = new Set([{ headersSent: false } as unknown as ServerResponse]);
  expect(
    sent((socket) => {
      answerBroken(error('HPE_X'), socket, waiting);
    }).text,
  ).toMatch(/^HTTP\/1\.1 400 /);
});

test('CONNECT', () => {
  const { text, destroyed } = sent((socket) => {
    refuseTunnel(socket);
  });
  expect([parseAnswer(text).status, parseAnswer(text).headers['allow'], destroyed]).toEqual([405, 'GET, HEAD', true]);
});

test('codeOf takes anything', () => {
  expect([codeOf(error('A')), codeOf(new Error('x')), codeOf('x'), codeOf(undefined)]).toEqual([
    'A',
    'unknown',
    'unknown',
    'unknown',
  ]);
});

test('says which port the system chose', async () => {
  const server = createServer();
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  expect(address.host).toBe('127.0.0.1');
  expect(address.port).toBeGreaterThan(0);
  const second = listen(createServer(), address);
  await expect(second).rejects.toMatchObject({ code: 'conflict' });
  await new Promise((resolve) => server.close(resolve));
});

test('an address of another host', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'invalid' });
});

test.each([
  ['EADDRINUSE', 'conflict', /is in use/, /ss -ltnp/],
  ['EACCES', 'refused', /may not be opened/, /CAP_NET_BIND_SERVICE/],
  ['EADDRNOTAVAIL', 'invalid', /no such address/, /0\.0\.0\.0/],
  ['ENOTFOUND', 'invalid', /no such address/, /0\.0\.0\.0/],
  ['EOTHER', 'unavailable', /EOTHER/, /PILOTLIGHT_HTTP_LISTEN/],
])('%s names the port and what to do', (code, kind, message, remedy) => {
  const failure = listenFailure(Object.assign(new Error('x'), { code }), { host: '0.0.0.0', port: 80 });
  expect(failure.code).toBe(kind);
  expect(failure.message).toMatch(message);
  expect(failure.message).toContain('HTTP port 80 on 0.0.0.0');
  expect(failure.remedy).toMatch(remedy);
});

test.each([
  [{ host: '0.0.0.0', port: 4777 }, 'http://localhost:4777'],
  [{ host: '::', port: 80 }, 'http://localhost:80'],
  [{ host: '::1', port: 80 }, 'http://[::1]:80'],
  [{ host: '192.0.2.1', port: 1 }, 'http://192.0.2.1:1'],
])('a URL for people: %j', (address, url) => {
  expect(urlOf(address)).toBe(url);
});

class FakeSocket extends EventEmitter {
  ended = '';
  destroy(): void {
    this.ended = 'cut';
    this.emit('close');
  }
  destroySoon(): void {
    this.ended = 'closed';
    this.emit('close');
  }
}

const fakes = (): { socket: FakeSocket & Socket; res: EventEmitter & ServerResponse } => ({
  socket: new FakeSocket() as unknown as FakeSocket & Socket,
  res: new EventEmitter() as unknown as EventEmitter & ServerResponse,
});

test('counts answers until they are out', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  expect([...connections.running(socket)]).toEqual([res]);
  res.emit('close');
  expect(connections.running(socket).size).toBe(0);
  expect([connections.size, socket.ended]).toEqual([1, '']);
});

test('forgets what has gone', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  socket.destroy();
  expect([connections.size, connections.running(socket).size]).toEqual([0, 0]);
  res.emit('close');
});

test('closing ends the idle at once and the busy with their last answer', () => {
  const connections = new Connections();
  const [idle, busy, late] = [fakes(), fakes(), fakes()];
  const second = fakes().res;
  connections.add(idle.socket);
  connections.add(busy.socket);
  connections.begin(busy.socket, busy.res);
  connections.begin(busy.socket, second);
  connections.close();
  expect([connections.closing, idle.socket.ended, busy.socket.ended]).toEqual([true, 'closed', '']);
  busy.res.emit('close');
  expect(busy.socket.ended).toBe('');
  second.emit('close');
  expect(busy.socket.ended).toBe('closed');
  connections.add(late.socket);
  expect(late.socket.ended).toBe('cut');
  expect(connections.size).toBe(0);
});

test('cutting ends everything', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  connections.cut();
  expect([socket.ended, connections.size]).toEqual(['cut', 0]);
});
