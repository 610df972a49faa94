import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import type { Profile } from '../model/profile.ts';
import type { DataRoot } from '../files/data-root.ts';
import type { HostKey } from './host-keys.ts';
import { keepHostKey } from './key-files.ts';

/** The host keys of nodes: made once, kept in state/ssh/, in memory once they were needed. */
export interface Identities {
  /** Undefined before `ensure` has heard of the node. Throws Failure `broken` or `unavailable` where its file is at fault. */
  keyOf(node: string): HostKey | undefined;
  /**
   * Reads or makes the keys of these nodes. What goes wrong is logged and told by `keyOf`; it never rejects for that, and
   * the next call tries again.
   */
  ensure(nodes: readonly string[]): Promise<void>;
}

/** So many files at once: each is written through to the disk. */
const AT_ONCE = 16;

export function openIdentities(files: DataRoot, log: Log): Identities {
  const keys = new Map<string, HostKey | Failure>();

  async function keep(node: string): Promise<void> {
    try {
      keys.set(node, await keepHostKey(files, node, log));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      keys.set(node, error);
      log.error({ node, problem: failureLine(error) }, 'a host key cannot be used');
    }
  }

  return {
    keyOf(node) {
      const key = keys.get(node);
      if (key instanceof Failure) throw key;
      return key;
    },
    async ensure(nodes) {
      const wanted = [...new Set(nodes)].filter((node) => {
        const known = keys.get(node);
        return known === undefined || known instanceof Failure;
      });
      for (let i = 0; i < wanted.length; i += AT_ONCE) await Promise.all(wanted.slice(i, i + AT_ONCE).map(keep));
    },
  };
}

/** The names of the nodes whose profiles ask for host keys. */
export function nodesWithKeys(profiles: Iterable<Profile>): readonly string[] {
  return [...profiles].flatMap(({ ssh_host_keys, nodes }) => (ssh_host_keys ? nodes.map(({ name }) => name) : []));
}
