import type { Server } from 'node:http';
import { Failure } from '../model/failure.ts';
import { codeOf } from './broken-request.ts';

/** A host and a port; port 0 asks the system for a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Resolves with the address in use. Throws Failure naming the port and what to do. */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(listenFailure(error, { host, port }));
    };
    server.once('error', failed);
    // The backlog is what a rack that is switched on at once needs; the kernel caps it (net.core.somaxconn).
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const address = server.address();
  return address === null || typeof address === 'string'
    ? { host, port }
    : { host: address.address, port: address.port };
}

/** `http://127.0.0.1:4777`: an address that a browser on this host can open, also when it listens on all of them. */
export function urlOf({ host, port }: ListenAddress): string {
  const name = host === '0.0.0.0' || host === '::' || host === '' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${String(port)}`;
}

/** What a person can do about a port that may not be bound. */
export function listenFailure(error: unknown, { host, port }: ListenAddress): Failure {
  const where = `HTTP port ${String(port)} on ${host}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new Failure('conflict', `${where} is in use by another program`, {
        remedy: `find it with "ss -ltnp sport = :${String(port)}", or set PILOTLIGHT_HTTP_LISTEN to another port`,
        cause: error,
      });
    case 'EACCES':
      return new Failure('refused', `${where} may not be opened by this user`, {
        remedy: 'grant CAP_NET_BIND_SERVICE, or set PILOTLIGHT_HTTP_LISTEN to a port above 1023',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Failure('invalid', `${where}: this host has no such address`, {
        remedy: 'set PILOTLIGHT_HTTP_LISTEN to an address of this host, or to 0.0.0.0',
        cause: error,
      });
    default:
      return new Failure('unavailable', `${where} cannot be opened (${codeOf(error)})`, {
        remedy: 'set PILOTLIGHT_HTTP_LISTEN to another address',
        cause: error,
      });
  }
}
