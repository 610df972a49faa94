import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that a publisher offers. */
export interface Resource {
  readonly body: Buffer;
  readonly etag: string;
}

/** Answers one request in the place of the upstream. */
export type Fault = (response: ServerResponse, resource: Resource, request: IncomingMessage) => void;

/**
 * A publisher on a real socket, which serves what it was given and nothing else: a request that no test foresaw and a
 * fault that none ran into both fail the test (`check`).
 */
export class Upstream {
  /** `GET /path` and, with a range, `GET /path bytes=5-`. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #resources = new Map<string, Resource>();
  readonly #absent = new Set<string>();
  readonly #faults = new Map<string, Fault[]>();
  readonly #always = new Map<string, Fault>();
  readonly #unexpected: string[] = [];
  readonly #waiting: { count: number; path: string; done: () => void }[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  async start(host = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get host(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  put(path: string, body: Buffer | string): void {
    const bytes = Buffer.from(body);
    this.#absent.delete(path);
    this.#resources.set(path, { body: bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"` });
  }

  get(path: string): Buffer {
    const resource = this.#resources.get(path);
    if (resource === undefined) throw new Error(`the upstream has no ${path}`);
    return resource.body;
  }

  /** A path that may be asked for and is not there. */
  absent(...paths: readonly string[]): void {
    for (const path of paths) {
      this.#resources.delete(path);
      this.#absent.add(path);
    }
  }

  /** Each fault meets one GET, in order. */
  fail(path: string, ...faults: readonly Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  /** Every request of any method meets this, until `heal`. */
  failAlways(path: string, fault: Fault): void {
    this.#always.set(path, fault);
  }

  heal(): void {
    this.#faults.clear();
    this.#always.clear();
  }

  count(line: string): number {
    return this.requests.filter((request) => request === line).length;
  }

  /** Resolves when a path was asked for so many times. */
  async asked(path: string, count = 1): Promise<void> {
    if (this.requests.filter((line) => line.includes(path)).length >= count) return;
    await new Promise<void>((done) => this.#waiting.push({ count, path, done }));
  }

  /** Throws for requests that none foresaw, and for faults that met none. */
  check(): void {
    const unused = [...this.#faults]
      .filter(([, faults]) => faults.length > 0)
      .map(([path]) => `unused fault for ${path}`);
    const wrong = [...this.#unexpected.map((line) => `unexpected ${line}`), ...unused];
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const { range } = request.headers;
    this.requests.push(`${request.method ?? ''} ${path}${range === undefined ? '' : ` ${range}`}`);
    for (const one of this.#waiting)
      if (this.requests.filter((line) => line.includes(one.path)).length >= one.count) one.done();
    response.on('error', () => undefined);
    const resource = this.#resources.get(path);
    const fault = this.#always.get(path) ?? (request.method === 'GET' ? this.#faults.get(path)?.shift() : undefined);
    if (fault !== undefined) {
      fault(response, resource ?? { body: Buffer.alloc(0), etag: '""' }, request);
      return;
    }
    if (resource === undefined) {
      if (!this.#absent.has(path)) this.#unexpected.push(this.requests.at(-1) ?? '');
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>');
      return;
    }
    serve(request, response, resource);
  }
}

/** As a good server does: HEAD, ETag, Range with If-Range. */
export function serve(request: IncomingMessage, response: ServerResponse, { body, etag }: Resource): void {
  const headers = { etag, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' };
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const condition = request.headers['if-range'];
  if (from !== undefined && (condition === undefined || condition === etag)) {
    const start = Number(from);
    if (start >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const part = body.subarray(start);
    const range = `bytes ${from}-${body.length - 1}/${body.length}`;
    response.writeHead(206, { ...headers, 'content-range': range, 'content-length': part.length }).end(part);
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
