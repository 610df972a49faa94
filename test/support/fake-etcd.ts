import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What becomes of one request: `cut` before or after it is done, or held until the promise is settled. */
export type Fault = 'pass' | 'cut before' | 'cut after' | Promise<unknown>;

/** etcd's gateway in this process, as strict as the real one where a test leans on it. */
export interface FakeEtcd extends AsyncDisposable {
  readonly url: string;
  /** Asked for each request, by its path without `/v3/`, before it is looked at. */
  fault: (path: string, body: Body) => Fault;
  readonly asked: string[];
  /** Ends all watches. */
  dropWatches(): void;
  /** Forgets what was before the current revision. */
  compact(): void;
  /** Leases run out by this clock alone. */
  pass(seconds: number): void;
  /** Refuses who has no token of this user. */
  user: { readonly name: string; readonly password: string } | undefined;
}

interface Stored {
  readonly key: string;
  readonly value: string;
  readonly created: number;
  readonly changed: number;
  readonly lease?: string | undefined;
}
interface Event {
  readonly type?: 'DELETE';
  readonly kv: object;
  readonly key: string;
  readonly revision: number;
}
/** Whatever a client sends. */
interface Body {
  readonly key?: string;
  readonly range_end?: string;
  readonly limit?: string;
  readonly revision?: string;
  readonly value?: string;
  readonly lease?: string;
  readonly compare?: readonly Readonly<Record<string, string>>[];
  readonly success?: readonly Operation[];
  readonly failure?: readonly Operation[];
  readonly create_request?: Body & { readonly start_revision?: string };
  readonly TTL?: string;
  readonly ID?: string;
  readonly name?: string;
  readonly password?: string;
}
interface Operation {
  readonly request_put?: Body;
  readonly request_delete_range?: Body;
  readonly request_range?: Body;
}

const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString('latin1');
const MOST_OPERATIONS = 128;
const MOST_BYTES = 1.5 * 1024 * 1024;

class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** One for the test that runs. */
export async function fakeEtcd(): Promise<FakeEtcd> {
  const etcd = await startFakeEtcd();
  onTestFinished(async () => {
    await etcd[Symbol.asyncDispose]();
  });
  return etcd;
}

async function startFakeEtcd(): Promise<FakeEtcd> {
  let revision = 1;
  let compacted = 0;
  let clock = 0;
  let names = 0;
  const keys = new Map<string, Stored>();
  const history: Event[] = [];
  const leases = new Map<string, { ttl: number; until: number }>();
  const watches = new Set<{ readonly res: ServerResponse; readonly key: string; readonly end: string }>();

  const header = (): object => ({ cluster_id: '1', member_id: '2', revision: String(revision), raft_term: '2' });
  const wire = ({ key, value, created, changed, lease }: Stored): object => ({
    key: Buffer.from(key, 'latin1').toString('base64'),
    ...(value === '' ? {} : { value }),
    create_revision: String(created),
    mod_revision: String(changed),
    version: '1',
    ...(lease === undefined ? {} : { lease }),
  });
  const inRange = (key: string, from: string, end: string): boolean =>
    end === '' ? key === from : key >= from && key < end;

  function range({ key, range_end = '', limit = '0', revision: at = '0' }: Body): object {
    if (Number(at) > 0 && Number(at) < compacted)
      throw new Refused(11, 'etcdserver: mvcc: required revision has been compacted');
    const [from, end] = [text(key), text(range_end)];
    const found = [...keys.values()]
      .filter((one) => inRange(one.key, from, end))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const some = Number(limit) > 0 ? found.slice(0, Number(limit)) : found;
    const kvs = some.length === 0 ? {} : { kvs: some.map(wire), count: String(found.length) };
    return { header: header(), ...kvs, ...(some.length < found.length ? { more: true } : {}) };
  }

  function put(body: Body, at: number): void {
    const key = text(body.key);
    const lease = body.lease === undefined || body.lease === '0' ? undefined : body.lease;
    if (lease !== undefined && !leases.has(lease)) throw new Refused(5, 'etcdserver: requested lease not found');
    const stored = { key, value: body.value ?? '', created: keys.get(key)?.created ?? at, changed: at, lease };
    keys.set(key, stored);
    history.push({ kv: wire(stored), key, revision: at });
  }

  function remove(key: string, at: number): void {
    if (!keys.delete(key)) return;
    const kv = { key: Buffer.from(key, 'latin1').toString('base64'), mod_revision: String(at) };
    history.push({ type: 'DELETE', kv, key, revision: at });
  }

  function txn({ compare = [], success = [], failure = [] }: Body): object {
    if (Math.max(compare.length, success.length, failure.length) > MOST_OPERATIONS)
      throw new Refused(3, 'etcdserver: too many operations in txn request');
    const written = success.flatMap((op) => op.request_put?.key ?? op.request_delete_range?.key ?? []);
    if (new Set(written).size < written.length) throw new Refused(3, 'etcdserver: duplicate key given in txn request');
    const succeeded = compare.every(({ key, target, create_revision = '0', mod_revision = '0' }) => {
      const one = keys.get(text(key));
      return target === 'CREATE'
        ? (one?.created ?? 0) === Number(create_revision)
        : (one?.changed ?? 0) === Number(mod_revision);
    });
    const ops = succeeded ? success : failure;
    const writes = ops.some((op) => op.request_range === undefined);
    if (writes) {
      for (const op of ops) {
        const lease = op.request_put?.lease ?? '0';
        if (lease !== '0' && !leases.has(lease)) throw new Refused(5, 'etcdserver: requested lease not found');
      }
      const at = revision + 1;
      const before = history.length;
      for (const op of ops) {
        if (op.request_put !== undefined) put(op.request_put, at);
        if (op.request_delete_range !== undefined) remove(text(op.request_delete_range.key), at);
      }
      if (history.length > before) revision = at;
    }
    const responses = ops.map((op) =>
      op.request_range === undefined ? {} : { response_range: range(op.request_range) },
    );
    announce();
    return { header: header(), ...(succeeded ? { succeeded } : {}), ...(responses.length > 0 ? { responses } : {}) };
  }

  let announced = 0;
  function announce(): void {
    const fresh = history.slice(announced);
    announced = history.length;
    for (const watch of watches) send(watch, fresh);
  }

  function send({ res, key, end }: { res: ServerResponse; key: string; end: string }, events: readonly Event[]): void {
    const mine = events.filter((event) => inRange(event.key, key, end));
    if (mine.length === 0) return;
    const shown = mine.map(({ type, kv }) => (type === undefined ? { kv } : { type, kv }));
    res.write(`${JSON.stringify({ result: { header: header(), events: shown } })}\n`);
  }

  function watch(body: Body, res: ServerResponse): void {
    const { key, range_end = '', start_revision = '0' } = body.create_request ?? {};
    const from = Number(start_revision);
    res.writeHead(200);
    res.write(`${JSON.stringify({ result: { header: header(), created: true } })}\n`);
    if (from > 0 && from <= compacted) {
      const result = { header: header(), canceled: true, compact_revision: String(compacted) };
      res.end(`${JSON.stringify({ result })}\n`);
      return;
    }
    const one = { res, key: text(key), end: text(range_end) };
    if (from > 0)
      send(
        one,
        history.filter((event) => event.revision >= from),
      );
    watches.add(one);
    res.on('close', () => watches.delete(one));
  }

  function expire(): void {
    for (const [id, { until }] of leases) if (until <= clock) revoke(id);
  }

  function revoke(id: string): void {
    if (!leases.delete(id)) throw new Refused(5, 'etcdserver: requested lease not found');
    const gone = [...keys.values()].filter(({ lease }) => lease === id);
    if (gone.length > 0) revision += 1;
    for (const { key } of gone) remove(key, revision);
    announce();
  }

  function answer(path: string, body: Body): object {
    switch (path) {
      case 'kv/range':
        return range(body);
      case 'kv/txn':
        return txn(body);
      case 'lease/grant': {
        const id = String((names += 1) + 7_587_000_000_000);
        const ttl = Number(body.TTL);
        leases.set(id, { ttl, until: clock + ttl });
        return { header: header(), ID: id, TTL: String(ttl) };
      }
      case 'lease/keepalive': {
        const lease = leases.get(body.ID ?? '');
        if (lease === undefined) return { result: { header: header(), ID: body.ID } };
        lease.until = clock + lease.ttl;
        return { result: { header: header(), ID: body.ID, TTL: String(lease.ttl) } };
      }
      case 'lease/revoke':
        revoke(body.ID ?? '');
        return { header: header() };
      case 'auth/authenticate':
        if (body.name !== fake.user?.name || body.password !== fake.user?.password)
          throw new Refused(3, 'etcdserver: authentication failed, invalid user ID or password');
        return { header: header(), token: `${body.name ?? ''}.1` };
      default:
        throw new Refused(12, 'Not Found');
    }
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    const body = JSON.parse(bytes.toString()) as Body;
    const path = (req.url ?? '').replace(/^\/v3\//, '');
    fake.asked.push(path);
    const fault = fake.fault(path, body);
    if (fault === 'cut before') {
      req.socket.resetAndDestroy();
      return;
    }
    if (typeof fault === 'object') await fault;
    try {
      if (bytes.length > MOST_BYTES) throw new Refused(3, 'etcdserver: request is too large');
      if (fake.user !== undefined && path !== 'auth/authenticate') {
        const token = req.headers.authorization;
        if (token === undefined) throw new Refused(3, 'etcdserver: user name is empty');
        if (token !== `${fake.user.name}.1`) throw new Refused(16, 'etcdserver: invalid auth token');
      }
      if (path === 'watch') {
        watch(body, res);
        return;
      }
      const said = JSON.stringify(answer(path, body));
      if (fault === 'cut after') req.socket.resetAndDestroy();
      else res.writeHead(200).end(said);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code, message } = error;
      res.writeHead(code === 16 ? 401 : code === 5 ? 404 : 400).end(JSON.stringify({ error: message, code, message }));
    }
  }

  const server = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => {
      res.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake: FakeEtcd = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => 'pass',
    asked: [],
    user: undefined,
    dropWatches() {
      for (const { res } of watches) res.destroy();
    },
    compact() {
      compacted = revision;
      history.length = 0;
      announced = 0;
    },
    pass(seconds) {
      clock += seconds;
      expire();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}
