/** A member as it registered. */
export interface StoredMember {
  /** Hex, as etcd computes it. */
  readonly id: string;
  /** `infra0=http://10.0.1.10:2380`, as it was sent. */
  readonly value: string;
  /** Its place in the order of all registrations: the first `size` of a token are its cluster, for ever. */
  readonly createdIndex: number;
  /** It has been told that it is registered (its first watch was answered), so it may have started. */
  readonly confirmed: boolean;
}

/** A discovery token with all that is known of it. */
export interface StoredToken {
  readonly token: string;
  /** What every member must be given, byte for byte: it is part of the member's ID and of the cluster's. */
  readonly url: string;
  readonly size: number;
  readonly createdIndex: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `size` members were registered once. Stays true when one of them is removed. */
  readonly complete: boolean;
  /** The index at which a member was removed last; 0: never. */
  readonly removedIndex: number;
  /** The cluster of the profiles for which this token was made. */
  readonly cluster?: string;
  /** In the order in which they came. */
  readonly members: readonly StoredMember[];
}

export interface StoredDiscovery {
  /** The highest index that was ever written. */
  readonly index: number;
  readonly tokens: readonly StoredToken[];
}

/** One step, written as a whole or not at all. Writing the same step twice is the same as writing it once. */
export type DiscoveryChange =
  | { readonly kind: 'created'; readonly index: number; readonly token: StoredToken }
  | {
      readonly kind: 'registered';
      readonly index: number;
      readonly token: string;
      readonly member: StoredMember;
      /** Whether it is the one that makes the token complete. */
      readonly complete: boolean;
    }
  | { readonly kind: 'confirmed'; readonly index: number; readonly token: string; readonly id: string }
  | { readonly kind: 'removed'; readonly index: number; readonly token: string; readonly id: string }
  | { readonly kind: 'forgotten'; readonly index: number; readonly token: string };

/**
 * Where tokens are kept. A registration that a member was told of must be there after a crash or a power loss: members
 * that others have already counted would wait for ever, or panic when strangers take their places.
 */
export interface DiscoveryStore {
  read(): Promise<StoredDiscovery>;
  /** Resolves when the change is on the disk. Rejects with Failure `unavailable` when it cannot be kept. */
  write(change: DiscoveryChange): Promise<void>;
}

/** A token after a change; undefined when it is gone. Its other fields and members stay as they were. */
export function applyChange(before: StoredToken | undefined, change: DiscoveryChange): StoredToken | undefined {
  switch (change.kind) {
    case 'created':
      return change.token;
    case 'forgotten':
      return undefined;
    case 'registered':
      return (
        before && {
          ...before,
          complete: before.complete || change.complete,
          members: [...before.members.filter(({ id }) => id !== change.member.id), change.member],
        }
      );
    case 'confirmed':
      return (
        before && {
          ...before,
          members: before.members.map((member) => (member.id === change.id ? { ...member, confirmed: true } : member)),
        }
      );
    case 'removed':
      return (
        before && {
          ...before,
          removedIndex: change.index,
          members: before.members.filter(({ id }) => id !== change.id),
        }
      );
  }
}
