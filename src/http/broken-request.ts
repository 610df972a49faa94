import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TEXT } from './reply.ts';

// What Node's parser and timers report, as statuses of RFC 9110; everything else is a malformed request.
const KNOWN: Readonly<Record<string, readonly [status: string, line: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the request line and headers are over 16 KiB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Content Too Large', 'the chunk extensions are too long'],
};
const MALFORMED = ['400 Bad Request', 'this is not an HTTP request'] as const;

/** Node's `code` of a client's error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/**
 * Answers what is no request, in bytes, since there is no response object; then the connection is over. `running` are
 * the answers that it still waits for: once one has begun, an error line would become part of its body.
 */
export function answerBroken(error: unknown, socket: Duplex, running: ReadonlySet<ServerResponse>): void {
  const code = codeOf(error);
  const begun = [...running].some((res) => res.headersSent);
  if (socket.writable && !begun && code !== 'ECONNRESET') {
    const [status, line] = KNOWN[code] ?? MALFORMED;
    socket.write(rawAnswer(status, line));
  }
  socket.destroy();
}

/** CONNECT asks for a tunnel (RFC 9110, 9.3.6): there is none here. */
export function refuseTunnel(socket: Duplex): void {
  // Node has handed the socket over and listens no more: a client that has reset it would end the process.
  socket.on('error', () => {
    socket.destroy();
  });
  if (socket.writable) {
    socket.write(rawAnswer('405 Method Not Allowed', 'CONNECT is not allowed', 'Allow: GET, HEAD\r\n'));
  }
  socket.destroy();
}

function rawAnswer(status: string, line: string, extra = ''): string {
  const body = `${line}\n`;
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: ${TEXT}\r\nContent-Length: ${String(body.length)}\r\n` +
    `${extra}Connection: close\r\n\r\n${body}`
  );
}
