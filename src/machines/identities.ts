import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { createPrivateFile, isExposed } from '../files/private-file.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Profile } from '../model/profile.ts';
import type { Log, Service } from '../model/service.ts';
import { type HostKey, makeHostKey, publicPart, readHostKey } from './host-keys.ts';

const FOLDER = 'state/ssh';
const MAX_BYTES = 16 * 1024;

/**
 * The node's key from its file, or a new one, written before anybody gets to know it. A file that is there is never
 * written to: who has logged in trusts it. Throws Failure `broken` with the file for one that is no key.
 */
export async function keepHostKey(files: DataRoot, node: string, log: Log): Promise<HostKey> {
  const file = `${FOLDER}/${node}_ed25519`;
  const key = (await readKey(files, file)) ?? (await newKey(files, file, node, log));
  if (await isExposed(files, file)) {
    log.warn({ file, remedy: `chmod 600 ${file}` }, 'others than the server may read a host key');
  }
  await keepPublic(files, file, key);
  return key;
}

async function readKey(files: DataRoot, file: string): Promise<HostKey | undefined> {
  const text = await readText(files, file);
  if (text === undefined) return undefined;
  try {
    return readHostKey(text);
  } catch (error) {
    if (error instanceof Failure) throw atFault(file, error.message);
    throw error;
  }
}

async function newKey(files: DataRoot, file: string, node: string, log: Log): Promise<HostKey> {
  const made = makeHostKey(node);
  if ((await createPrivateFile(files, file, made.privateKey)) === 'created') {
    log.info({ node, file }, 'made a host key');
    return made;
  }
  // Another process was faster: its key counts.
  const theirs = await readKey(files, file);
  return theirs ?? missing(file);
}

/** For people: `ssh-keygen -l -f` and known_hosts want it. The private key is the truth. */
async function keepPublic(files: DataRoot, file: string, { publicKey }: HostKey): Promise<void> {
  const name = `${file}.pub`;
  const text = await readText(files, name);
  if (text === undefined) {
    await createPrivateFile(files, name, `${publicKey}\n`, 0o644);
  } else if (publicPart(text) !== publicPart(publicKey)) {
    throw atFault(name, `it does not belong to ${file}`);
  }
}

async function readText(files: DataRoot, file: string): Promise<string | undefined> {
  try {
    return (await files.read(file, MAX_BYTES)).bytes.toString('utf8');
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  }
}

function atFault(file: string, message: string): Failure {
  return new Failure('broken', message, {
    place: { file },
    remedy:
      'put the right file back from a backup; if you remove it, the node gets a new key, which no client trusts yet',
  });
}

function missing(file: string): never {
  throw new Failure('unavailable', 'it came and went', { place: { file }, remedy: 'try again' });
}

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

/**
 * Has a host key ready for every node whose profile asks for one: when it starts, and after each change of the folder.
 * Templates are rendered without waiting, so the keys are made before a machine asks.
 */
export function createHostKeyService(catalog: Catalog, identities: Identities, log: Log): Service {
  let ending: (() => void) | undefined;
  // One after the other: what a change asks for is there when its turn is over.
  let turn: Promise<void> = Promise.resolve();

  function follow({ profiles }: Pick<Snapshot, 'profiles'>): void {
    turn = turn
      .then(async () => {
        await identities.ensure(nodesWithKeys(profiles.values()));
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'host keys could not be made');
      });
  }

  return {
    name: 'host keys',
    async start() {
      ending = catalog.onChange(follow);
      follow(catalog.current());
      await turn;
    },
    async stop() {
      ending?.();
      ending = undefined;
      await turn;
    },
  };
}
