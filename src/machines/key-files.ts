import { Failure } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import type { DataRoot } from '../files/data-root.ts';
import { createPrivateFile, isExposed } from '../files/private-file.ts';
import { makeHostKey, publicPart, readHostKey, type HostKey } from './host-keys.ts';

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
    remedy: 'put the right file back from a backup; if you remove it, the node gets a new key, which nobody trusts yet',
  });
}

function missing(file: string): never {
  throw new Failure('unavailable', 'it came and went', { place: { file }, remedy: 'try again' });
}
