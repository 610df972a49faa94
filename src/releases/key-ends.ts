import type { SystemId } from '../model/profile.ts';
import { readKnownKeys } from './keys.ts';
import type { Certificate } from './openpgp/keyring.ts';
import type { ReleasePorts } from './ports.ts';

const DAY = 86_400;
const NOTICE_DAYS = 60;

/** A publisher's key that ends soon, in words. */
export interface KeyEnd {
  readonly message: string;
  readonly remedy: string;
}

/**
 * The publisher's keys that end within 60 days, by the copies that lie here: what is signed after that needs a newer one.
 * Never asks the network. A key that ended is not spoken of: what it signed stays signed. Throws Failure where a key
 * file cannot be read.
 */
export async function keysThatEnd(
  system: SystemId,
  pinned: readonly string[],
  ports: Pick<ReleasePorts, 'root' | 'keyFile'>,
  nowMs: number,
): Promise<readonly KeyEnd[]> {
  const { certificates, own } = await readKnownKeys(system, pinned, ports);
  const ends = new Map<string, number>();
  for (const certificate of certificates) {
    const before = ends.get(certificate.fingerprint) ?? 0;
    // Of several copies the one that knows the longest life counts.
    ends.set(certificate.fingerprint, Math.max(before, endOf(certificate)));
  }
  const remedy =
    own === undefined
      ? 'the sync asks the publisher for a newer copy by itself; where it cannot, put one into state/keys/'
      : `a copy of your own is not renewed: put a newer one in the place of ${own}`;
  return [...ends].flatMap(([fingerprint, end]) => {
    const days = Math.floor(end - nowMs / 1000) / DAY;
    if (!(days >= 0 && days <= NOTICE_DAYS)) return [];
    const date = new Date(end * 1000).toISOString().slice(0, 10);
    return [{ message: `the key ${fingerprint} of ${system} signs until ${date} and no longer`, remedy }];
  });
}

/** Where there are subkeys, they sign: the primary key lies in a safe and often has no end. */
function endOf({ fingerprint, keys }: Certificate): number {
  const alive = keys.filter(({ revoked }) => !revoked);
  const subkeys = alive.filter(({ key }) => key.fingerprint !== fingerprint);
  return Math.max(0, ...(subkeys.length > 0 ? subkeys : alive).map(({ expires }) => expires ?? Infinity));
}
