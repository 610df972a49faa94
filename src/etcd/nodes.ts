import type { RefusalCode } from './judge.ts';
import type { StoredMember, StoredToken } from '../model/discovery.ts';

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
    ...(nodes.length === 0 ? {} : { nodes }),
    modifiedIndex: createdIndex,
    createdIndex,
  };
}
