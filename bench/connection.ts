// One HTTP/1.1 connection that is kept: as cheap as Node allows, because a bench's clients share two cores with the server.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** For all connections: what comes is looked at before the next read. */
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
/** A body that is longer is counted, not kept. */
const KEPT = 64 * 1024;
const TIMEOUT_MS = 60_000;

interface Waiting {
  resolve(answer: { readonly length: number; readonly body: string }): void;
  reject(error: Error): void;
}

export class Connection implements AsyncDisposable {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #body: Buffer[] = [];
  #length = 0;
  /** Of the body; undefined before the head has come. */
  #missing: number | undefined;
  #head = '';
  #closed = false;

  private constructor(host: string, port: number, localAddress: string) {
    const callback = (length: number): boolean => {
      this.#arrived(buffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({ host, port, localAddress, onread: { buffer, callback } });
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#waiting?.reject(new Error('the server hung up'));
    });
    this.#socket.setTimeout(TIMEOUT_MS, () => this.#socket.destroy(new Error('no answer within a minute')));
  }

  static async open(host: string, port: number, localAddress: string): Promise<Connection> {
    const connection = new Connection(host, port, localAddress);
    await once(connection.#socket, 'connect');
    return connection;
  }

  /** The body of a 200. */
  async text(method: string, path: string): Promise<string> {
    return (await this.#ask(method, path)).body;
  }

  /** How long the body of a 200 was. */
  async length(method: string, path: string): Promise<number> {
    return (await this.#ask(method, path)).length;
  }

  async #ask(method: string, path: string): Promise<{ readonly length: number; readonly body: string }> {
    if (this.#closed) throw new Error('the server hung up');
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      const empty = method === 'POST' ? 'Content-Length: 0\r\n' : '';
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: iPXE/1.21.1\r\n${empty}\r\n`);
    });
  }

  #arrived(chunk: Buffer): void {
    if (this.#missing === undefined) {
      this.#head += chunk.toString('latin1', 0, Math.min(chunk.length, 4096));
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const before = this.#head.length - Math.min(chunk.length, 4096);
      const head = this.#head.slice(0, end);
      const length = /^content-length: (\d+)$/im.exec(head)?.[1];
      if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
        this.#socket.destroy(new Error(head.split('\r\n')[0]));
        return;
      }
      this.#missing = this.#length = Number(length);
      this.#body = [];
      chunk = chunk.subarray(end + 4 - before);
    }
    this.#missing -= chunk.length;
    if (this.#length <= KEPT) this.#body.push(Buffer.from(chunk));
    if (this.#missing > 0) return;
    this.#missing = undefined;
    this.#head = '';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ length: this.#length, body: Buffer.concat(this.#body).toString() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }
}
