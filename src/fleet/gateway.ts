import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { type EngineAccess, EngineHttp, EngineRefusal } from './engine-http.ts';
import type { Change, Commit, Committed, Condition, Entry, Kv, Listing, WatchEvent } from './kv.ts';
import { openWatch, type WireEntry, type WireEvent } from './watch.ts';

export interface GatewayOptions extends EngineAccess {
  /** Of all keys: `/pilotlight/default/`. */
  readonly prefix: string;
  readonly log: Log;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** Keys in one answer. */
const PAGE = 1000;

/**
 * etcd v3 by its JSON gateway (`/v3/`, from 3.4 on; Debian 12 has 3.4.23): keys and values are base64, 64-bit numbers are
 * text, and what is zero or false is left out (etcd's api/etcdserverpb/rpc.proto, protobuf's JSON mapping).
 */
export function openGateway({ prefix, log, now = () => performance.now(), ...access }: GatewayOptions): Kv {
  const http = new EngineHttp(access, now);
  const watches = new Set<{ stop(): void }>();
  const keyOf = (key: string): string => encode(prefix + key);

  return {
    async get(key) {
      const { kvs = [] } = await http.read<RangeAnswer>('/v3/kv/range', { key: keyOf(key) });
      return kvs[0] && entryOf(kvs[0], prefix);
    },

    async list(below): Promise<Listing> {
      const entries: Entry[] = [];
      const end = encode(endOf(prefix + below));
      let key = keyOf(below);
      let revision: number | undefined;
      for (;;) {
        const at = revision === undefined ? {} : { revision: String(revision) };
        const page = await http.read<RangeAnswer>('/v3/kv/range', { key, range_end: end, limit: String(PAGE), ...at });
        revision ??= Number(page.header?.revision ?? 0);
        const kvs = page.kvs ?? [];
        entries.push(...kvs.map((kv) => entryOf(kv, prefix)));
        const last = kvs.at(-1);
        if (page.more !== true || last === undefined) return { entries, revision };
        // The one behind the last.
        key = encode(`${decode(last.key)}\0`);
      }
    },

    async commit({ if: conditions, then }: Commit): Promise<Committed> {
      const body = {
        compare: conditions.map((condition) => compareOf(condition, keyOf)),
        success: then.map((change) => requestOf(change, keyOf)),
        failure: conditions.map(({ key }) => ({ request_range: { key: keyOf(key) } })),
      };
      const answer = await http.write<TxnAnswer>('/v3/kv/txn', body);
      const done = answer.succeeded === true;
      const found = new Map<string, Entry>();
      for (const { response_range: range } of done ? [] : (answer.responses ?? []))
        for (const kv of range?.kvs ?? []) found.set(decode(kv.key).slice(prefix.length), entryOf(kv, prefix));
      return { done, revision: Number(answer.header?.revision ?? 0), found };
    },

    watch(below, revision, listener) {
      const range = { key: keyOf(below), range_end: encode(endOf(prefix + below)) };
      const watch = openWatch({ http, range, revision, listener, log, eventOf: (event) => eventOf(event, prefix) });
      watches.add(watch);
      return {
        stop() {
          watches.delete(watch);
          watch.stop();
        },
      };
    },

    async grant(seconds) {
      const { ID } = await http.write<{ readonly ID?: string }>('/v3/lease/grant', { TTL: String(seconds) });
      if (ID === undefined) throw new Failure('broken', 'the engine granted a lease without a name');
      return ID;
    },

    async keepAlive(lease) {
      // A lease may be renewed twice: it is asked again where it was not answered.
      const answer = await http.read<{ readonly result?: { readonly TTL?: string } }>('/v3/lease/keepalive', {
        ID: lease,
      });
      return Number(answer.result?.TTL ?? 0);
    },

    async revoke(lease) {
      try {
        await http.read('/v3/lease/revoke', { ID: lease });
      } catch (error) {
        // It ran out by itself.
        if (!(error instanceof EngineRefusal) || error.grpc !== NOT_FOUND) throw error;
      }
    },

    close() {
      for (const watch of watches) watch.stop();
      watches.clear();
      http.close();
    },
  };
}

/** gRPC's status for what is not there. */
const NOT_FOUND = 5;

interface RangeAnswer {
  readonly header?: { readonly revision?: string };
  readonly kvs?: readonly WireEntry[];
  readonly more?: boolean;
}

interface TxnAnswer {
  readonly header?: { readonly revision?: string };
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: RangeAnswer }[];
}

function entryOf({ key, value = '', create_revision, mod_revision, lease }: WireEntry, prefix: string): Entry {
  return {
    key: decode(key).slice(prefix.length),
    value: decode(value),
    created: Number(create_revision),
    changed: Number(mod_revision),
    ...(lease === undefined || lease === '0' ? {} : { lease }),
  };
}

function eventOf({ type, kv }: WireEvent, prefix: string): WatchEvent {
  if (type !== 'DELETE') return { kind: 'put', entry: entryOf(kv, prefix) };
  return { kind: 'removed', key: decode(kv.key).slice(prefix.length), changed: Number(kv.mod_revision) };
}

function compareOf(condition: Condition, keyOf: (key: string) => string): Readonly<Record<string, string>> {
  const key = keyOf(condition.key);
  const equal = { key, result: 'EQUAL' };
  switch (condition.is) {
    case 'absent':
      return { ...equal, target: 'CREATE', create_revision: '0' };
    case 'alive':
      return { ...equal, target: 'CREATE', create_revision: String(condition.created) };
    case 'unchanged':
      return { ...equal, target: 'MOD', mod_revision: String(condition.changed) };
  }
}

function requestOf(change: Change, keyOf: (key: string) => string): object {
  if ('remove' in change) return { request_delete_range: { key: keyOf(change.remove) } };
  const { put, value, lease } = change;
  return { request_put: { key: keyOf(put), value: encode(value), ...(lease === undefined ? {} : { lease }) } };
}

/** Behind all keys that begin so (etcd's clientv3.GetPrefixRangeEnd). A prefix ends in a letter or a slash here. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString();
}
