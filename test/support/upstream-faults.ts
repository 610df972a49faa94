import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type Fault, type Resource, serve } from './upstream-server.ts';

// Bad days of a download server, one function for each.

export function status(code: number, headers: Record<string, string> = {}): Fault {
  return (response) => {
    response.writeHead(code, { 'content-type': 'text/html', ...headers }).end('<html>error</html>');
  };
}

export function redirect(location: string, code = 302): Fault {
  return (response) => {
    response.writeHead(code, { location }).end();
  };
}

/** The connection breaks after so many bytes; with `seen`, not before the other side says that it has them. */
export function cut(after: number, seen: () => Promise<unknown> = () => Promise.resolve()): Fault {
  return (response, resource) => {
    // Not destroy(): a reset would also take back what is still on its way.
    const end = (): unknown => response.socket?.end();
    begin(response, resource, resource.body.length).write(resource.body.subarray(0, after), () => {
      seen().then(end, end);
    });
  };
}

/** So many bytes, and then nothing, with the connection open. */
export function stall(after: number): Fault {
  return (response, resource) => {
    begin(response, resource, resource.body.length).write(resource.body.subarray(0, after));
  };
}

/** Accepts the request and says nothing. */
export const silence: Fault = () => undefined;

/** One byte at a time, without end. */
export function drip(everyMs: number): Fault {
  return (response, resource) => {
    begin(response, resource, resource.body.length);
    // An answer to HEAD leaves with its end.
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const timer = setInterval(() => response.write('x'), everyMs);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
}

/** HTTP/1.0: the body ends with the connection, and none says how long it is. */
export function closeDelimited(bytes?: number): Fault {
  return (response, resource) => {
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('content-length');
    response.writeHead(200, { connection: 'close', etag: resource.etag });
    response.end(resource.body.subarray(0, bytes));
  };
}

/** A whole answer with other bytes than the publisher's. */
export function instead(body: Buffer | string, headers: Record<string, string> = {}): Fault {
  return (response) => {
    const bytes = Buffer.from(body);
    response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes);
  };
}

export const webPage = instead('<html>Please log in</html>', { 'content-type': 'text/html; charset=utf-8' });

/** Packs the body on the way, as some proxies do. */
export const gzipped: Fault = (response, resource) => {
  const bytes = gzipSync(resource.body);
  response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.length }).end(bytes);
};

/** Never ends. */
export const endless: Fault = (response, _resource, request) => {
  response.writeHead(200, {});
  // Nothing is written to HEAD, and writing nothing never blocks.
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const chunk = Buffer.alloc(65_536, 0x41);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
};

/** Says another length than it sends; `sent` more or fewer bytes than said. */
export function wrongLength(said: number): Fault {
  return (response, resource) => {
    begin(response, resource, said).write(resource.body, () => response.socket?.end());
  };
}

/** Forgets what ranges are: the whole file, whatever was asked. */
export const noRanges: Fault = (response, resource, request) => {
  request.headers = {};
  serve(request, response, resource);
};

function begin(response: ServerResponse, resource: Resource, length: number): ServerResponse {
  response.writeHead(200, { etag: resource.etag, 'content-length': length });
  return response;
}
