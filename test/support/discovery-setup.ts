import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Discovery, type DiscoveryLimits } from '../../src/etcd/discovery.ts';
import { createDiscoveryHandler, type DiscoveryHandlerOptions } from '../../src/etcd/routes.ts';
import { readHead } from '../../src/http/request.ts';
import type { DiscoveryStore } from '../../src/model/discovery.ts';
import { type Origin, parseOrigin } from '../../src/model/plan.ts';
import { type Log, SILENT } from '../../src/model/service.ts';
import { MemoryDiscoveryStore } from './memory-discovery.ts';

export interface SetupOptions {
  readonly isOperator?: DiscoveryHandlerOptions['isOperator'];
  readonly store?: DiscoveryStore;
  readonly host?: string;
  readonly port?: number;
  /** What its discovery URLs begin with; where it listens when absent. */
  readonly base?: string;
  readonly pollTime?: number;
  readonly limits?: Partial<DiscoveryLimits>;
  readonly log?: Log;
  /** False: the tokens are not read. */
  readonly load?: boolean;
  /** What it says of itself at /healthz. */
  readonly instance?: string;
}

export interface DiscoverySetup extends AsyncDisposable {
  readonly discovery: Discovery;
  readonly url: string;
  readonly server: Server;
  end(): void;
}

export const OPERATOR = { authorization: 'Bearer let-me-in' };

/** The discovery server alone on a server of its own. */
export async function startDiscovery(options: SetupOptions = {}): Promise<DiscoverySetup> {
  let tokens = 0;
  const discovery = new Discovery({
    store: options.store ?? new MemoryDiscoveryStore(),
    now: Date.now,
    random: () => String((tokens += 1)).padStart(32, '0'),
    limits: options.limits,
  });
  if (options.load !== false) await discovery.load();
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const url = `http://${address}:${port}`;
  const listening = createDiscoveryHandler({
    discovery,
    base: () => (parseOrigin(options.base ?? url) ?? '') as Origin,
    isOperator: options.isOperator ?? ((req) => req.headers.authorization === OPERATOR.authorization),
    log: options.log ?? SILENT,
    now: () => performance.now(),
    pollTime: options.pollTime,
  });
  server.on('request', (req, res) => {
    const answered = listening.handle(req, res, readHead(req.rawHeaders));
    if (answered === undefined && req.url === '/healthz') res.end(JSON.stringify({ instance: options.instance }));
    else if (answered === undefined) res.writeHead(404).end();
    answered?.catch(() => res.destroy());
  });
  return {
    ...{ discovery, url, server },
    end: () => {
      listening.end();
    },
    async [Symbol.asyncDispose]() {
      listening.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
