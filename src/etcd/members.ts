import { createHash } from 'node:crypto';
import type { StoredMember, StoredToken } from '../model/discovery.ts';

const TOKEN = /^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/;
const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;

/** A random one has 32 hex digits; an operator may also bring a UUID or what sha1sum prints. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** More than nine members make etcd slower, not safer. */
export function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= 9;
}

/**
 * Whether a token may go to make room for another: one that was not used within the hour, or whose cluster has formed a
 * month ago (its members do not ask again, and a wiped one is refused either way). Never one that members wait at, and
 * never one that a profile asked for.
 */
export function idleToken({ complete, members, cluster, createdAt }: StoredToken, now: number): boolean {
  if (cluster !== undefined) return false;
  if (complete) return now - createdAt > MONTH;
  return members.length === 0 && now - createdAt > HOUR;
}

/** What a member says of itself, read. */
export interface MemberWords {
  readonly name: string;
  /** At least one: `http://10.0.1.10:2380`. */
  readonly urls: readonly string[];
}

const MAX_VALUE = 1024;
const NAME = /^[A-Za-z0-9._-]{1,128}$/;
const URL_FORM = /^https?:\/\/(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;
const ID = /^[0-9a-f]{1,16}$/;

/** etcd prints its 64 bits in hex without leading zeros. */
export function isMemberId(text: string): boolean {
  return ID.test(text);
}

/** Reads `name=url` or, for several peer URLs, `name=url1,name=url2`. Undefined for anything else. */
export function readMember(value: string): MemberWords | undefined {
  if (value.length > MAX_VALUE) return undefined;
  const urls: string[] = [];
  let name: string | undefined;
  for (const pair of value.split(',')) {
    const equals = pair.indexOf('=');
    const [key, url] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const port = Number(URL_FORM.exec(url)?.[1]);
    if (equals < 0 || !NAME.test(key) || !(port >= 1 && port <= 65_535)) return undefined;
    if (name !== undefined && name !== key) return undefined;
    name = key;
    urls.push(url);
  }
  return name === undefined ? undefined : { name, urls };
}

/**
 * The ID that etcd gives itself: the first 8 bytes of SHA-1 over its peer URLs, sorted, and the discovery URL as it was
 * given (etcd 2.3 to 3.6, membership.NewMember). One slash more in the URL is another ID and another cluster.
 */
export function memberId(urls: readonly string[], discoveryUrl: string): string {
  const hash = createHash('sha1')
    .update([...urls].sort().join('') + discoveryUrl)
    .digest();
  return hash.readBigUInt64BE(0).toString(16);
}

/** etcd's numbers of what can be wrong (etcd v2, error codes); the member prints the number and our cause. */
export type RefusalCode = 100 | 103 | 105 | 203 | 209;

type Judgement =
  | { readonly kind: 'welcome'; readonly complete: boolean }
  | { readonly kind: 'again'; readonly member: StoredMember }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly cause: string };

/**
 * Whether a registration is taken. Only the member that is at fault is refused: one duplicate name in the list would
 * make every member of the cluster exit, and the token useless.
 *
 * The same member with the same value is welcome again unless it may have started: before the token was complete no member
 * has, and one that was never told that it is registered (its answer was lost) has not either. After that it comes with
 * an empty disk under an old ID, and etcd would panic or forget votes: 105, which etcd prints as "has previously
 * registered".
 */
export function judge(token: StoredToken, id: string, value: string, key: string): Judgement {
  const refused = (code: RefusalCode, cause: string): Judgement => ({ kind: 'refused', code, cause });
  const known = token.members.find((member) => member.id === id);
  if (known !== undefined) {
    const free = known.value === value && (!token.complete || !known.confirmed);
    return free ? { kind: 'again', member: known } : refused(105, key);
  }
  if (!isMemberId(id)) return refused(209, `"${id.slice(0, 40)}" is no member ID: etcd 2.3 to 3.6 is served`);
  const words = readMember(value);
  if (words === undefined) return refused(209, 'the value is not name=http://host:port, up to 1024 characters');
  if (memberId(words.urls, token.url) !== id) {
    return refused(209, `use the discovery URL exactly as given: ${token.url}`);
  }
  for (const member of token.members) {
    const other = readMember(member.value);
    if (other?.name === words.name) return refused(209, `name ${words.name} is already registered by ${member.id}`);
    const url = words.urls.find((one) => other?.urls.includes(one));
    if (url !== undefined) return refused(209, `peer URL ${url} is already registered by ${member.id}`);
  }
  if (token.complete) {
    return refused(103, `the cluster of ${token.size} was complete: add ${words.name} with etcdctl member add`);
  }
  if (token.members.length >= token.size) {
    return refused(103, `the cluster has its ${token.size} members`);
  }
  return { kind: 'welcome', complete: token.members.length + 1 === token.size };
}

/** A key of etcd's v2 store, as its clients read it. */
export interface KeyNode {
  readonly key: string;
  readonly value?: string;
  readonly dir?: true;
  readonly nodes?: readonly KeyNode[];
  readonly modifiedIndex: number;
  readonly createdIndex: number;
}

export interface KeyAnswer {
  readonly kind: 'node';
  readonly action: 'get' | 'set' | 'create' | 'delete';
  /** It was not there before. */
  readonly created: boolean;
  readonly node: KeyNode;
  /** Every change up to this one is in the answer. */
  readonly index: number;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly cause: string;
  readonly index: number;
}

export type Outcome = KeyAnswer | Refusal;

/** Nothing has happened yet. */
export interface Waiting {
  readonly kind: 'waiting';
  /** Every change up to this one was seen. */
  readonly index: number;
  /** The first index that is news. */
  readonly from: number;
}

/** Where a token's keys are, whatever path the client came by: only the last segment means something to it. */
export function keyOf(token: string, ...rest: readonly string[]): string {
  return ['/discovery', token, ...rest].join('/');
}

export function sizeNode({ token, size, createdIndex }: StoredToken): KeyNode {
  const key = keyOf(token, '_config', 'size');
  return { key, value: String(size), modifiedIndex: createdIndex, createdIndex };
}

export function memberNode(token: string, { id, value, createdIndex }: StoredMember): KeyNode {
  return { key: keyOf(token, id), value, modifiedIndex: createdIndex, createdIndex };
}

/** The members and nothing else: etcd counts whatever else is listed (`_state`) as a member. */
export function listNode({ token, createdIndex, members }: StoredToken, sorted: boolean): KeyNode {
  const order = sorted ? members.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : members;
  const nodes = order.map((member) => memberNode(token, member));
  return {
    key: keyOf(token),
    dir: true,
    nodes: nodes.length === 0 ? undefined : nodes,
    ...{ modifiedIndex: createdIndex, createdIndex },
  };
}
