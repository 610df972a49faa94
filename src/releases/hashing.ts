import { createHash, type Hash } from 'node:crypto';
import type { HashName } from './openpgp/signature.ts';
import type { DataDigest } from './openpgp/verify.ts';

/** Digests of one file, computed while its bytes pass by, once for everything that will be asked. */
export interface Hashes {
  readonly size: number;
  readonly update: (chunk: Buffer) => void;
  /** Lower-case hexadecimal. */
  readonly hex: (hash: 'sha256' | 'sha512') => string;
  /** For an OpenPGP signature: the digest of the data and the signature's trailer. */
  readonly withTrailer: DataDigest;
}

/** SHA-256 and SHA-512 are always there (every published file is recorded with both); `more` is what signatures need. */
export function startHashes(more: ReadonlySet<HashName>): Hashes {
  const names = new Set<HashName>(['sha256', 'sha512', ...more]);
  const running = new Map<HashName, Hash>([...names].map((name) => [name, createHash(name)]));
  let size = 0;
  // A copy, because a digest can be taken only once.
  const copy = (name: HashName): Hash => running.get(name)?.copy() ?? unknown(name);
  return {
    get size() {
      return size;
    },
    update(chunk) {
      size += chunk.length;
      for (const hash of running.values()) hash.update(chunk);
    },
    hex: (name) => copy(name).digest('hex'),
    withTrailer: (name, trailer) => copy(name).update(trailer).digest(),
  };
}

function unknown(name: string): never {
  throw new TypeError(`${name} was not asked for in advance`);
}
