import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { asFailure, Failure, failureLine, unlessFailed } from '../model/failure.ts';
import type { SystemId } from '../model/profile.ts';
import type { Trust } from '../model/release.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { fetchText, refusePage } from './fetcher.ts';
import { type Certificate, readCertificates } from './openpgp/keyring.ts';
import type { Policy } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';
import { checkTarget, hostAndPort, shownUrl } from './targets.ts';

const KEYS = 'state/keys';
const MAX_KEY = 1024 * 1024;
/** A key is asked for again after this long: a revocation must reach us. */
const FRESH = 20 * 3_600_000;
const DAY = 86_400;
/** An end that comes sooner is reported. */
const NOTICE_DAYS = 60;

/** Whose signatures count, by the publisher's keys as far as they are known: no others than the pinned ones. */
export interface Keys {
  readonly policy: Policy;
  /** The same after asking the publisher again: for a signature by a subkey that is newer than our copy. */
  readonly renew: () => Promise<Policy>;
}

/**
 * A publisher's keys: the file that the operator names, else what lies in state/keys/SYSTEM*.asc, else (and once a
 * day, for revocations) from the publisher over HTTPS. Every copy counts, so a revocation that was once seen stays.
 */
export async function loadKeys(system: SystemId, trust: Trust, ports: ReleasePorts): Promise<Keys> {
  const policyOf = (certificates: readonly Certificate[]): Policy => ({
    certificates,
    pinned: trust.pinned,
    revoked: trust.revoked,
    allowSha1: trust.legacySha1,
    now: Math.floor(ports.network.clock.now() / 1000),
  });
  const named = ports.keyFile?.(system);
  if (named !== undefined) {
    const own = pinnedOf(await readNamed(named, system), trust.pinned, `the key file of ${system}`);
    return { policy: policyOf(own), renew: async () => Promise.resolve(policyOf(own)) };
  }
  const stored = await readStored(system, trust.pinned, ports, ports.network.clock.now());
  const renew = async (): Promise<readonly Certificate[]> => {
    try {
      return [...stored.certificates, ...(await fetchKeys(system, trust, ports))];
    } catch (error) {
      if (stored.certificates.length === 0) throw error;
      const fields = { system, why: failureLine(asFailure(error)) };
      ports.network.log.warn(fields, 'the publisher’s key could not be renewed, the stored copy is used');
      return stored.certificates;
    }
  };
  return {
    policy: policyOf(stored.fresh ? stored.certificates : await renew()),
    renew: async () => policyOf(await renew()),
  };
}

/** A publisher's key that ends soon, in words. */
export interface KeyEnd {
  readonly message: string;
  readonly remedy: string;
}

/**
 * The publisher's keys that end within 60 days, by the copies that lie here: what is signed after that needs a newer one.
 * Never asks the network. A key that ended is not reported: what it signed stays signed. Throws Failure where a key
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

/** The pinned keys whose copies lie here, and which file of the operator's they are from, if so. Asks no server. */
export async function readKnownKeys(
  system: SystemId,
  pinned: readonly string[],
  { root, keyFile }: Pick<ReleasePorts, 'root' | 'keyFile'>,
): Promise<{ readonly certificates: readonly Certificate[]; readonly own: string | undefined }> {
  const named = keyFile?.(system);
  const where = `the key file of ${system}`;
  if (named !== undefined) return { certificates: pinnedOf(await readNamed(named, system), pinned, where), own: where };
  const { certificates, own } = await readStored(system, pinned, { root }, 0);
  return { certificates, own: own ? `${KEYS}/${system}.asc` : undefined };
}

async function readNamed(path: string, system: SystemId): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new Failure('not-found', `the key file named for ${system} cannot be read`, {
      cause,
      remedy: 'check the setting',
    });
  });
}

async function readStored(
  system: SystemId,
  pinned: readonly string[],
  { root }: Pick<ReleasePorts, 'root'>,
  now: number,
): Promise<{ certificates: readonly Certificate[]; fresh: boolean; own: boolean }> {
  const { names = [] } = (await unlessFailed(root.list(KEYS), 'not-found')) ?? {};
  const certificates: Certificate[] = [];
  let fresh = false;
  let own = false;
  for (const name of names.filter(
    (one) => one === `${system}.asc` || (one.startsWith(`${system}-`) && one.endsWith('.asc')),
  )) {
    const path = `${KEYS}/${name}`;
    const file = await root.read(path, MAX_KEY);
    // What an operator put there is meant to be used: why it is not, is said.
    if (name === `${system}.asc`) refusePage(file.bytes, path, 'a key');
    const found = pinnedOf(file.bytes, pinned, path, true);
    certificates.push(...found);
    if (found.length > 0 && name === `${system}.asc`) own = true;
    // The operator's own copy is never replaced.
    const age = now - file.mtimeMs;
    if (found.length > 0 && (name === `${system}.asc` || (age >= 0 && age < FRESH))) fresh = true;
  }
  return { certificates, fresh, own };
}

async function fetchKeys(system: SystemId, trust: Trust, ports: ReleasePorts): Promise<readonly Certificate[]> {
  const found: Certificate[] = [];
  let failure: Failure | undefined;
  for (const address of trust.keyUrls) {
    try {
      found.push(...(await fetchKey(system, address, trust, ports)));
    } catch (error) {
      failure = asFailure(error);
    }
  }
  if (found.length > 0) return found;
  throw (
    failure ??
    new Failure('refused', `no key is known for ${system}, and no server offers one`, {
      remedy: `put the key with the fingerprint ${trust.pinned.join(' or ')} into ${KEYS}/${system}.asc`,
    })
  );
}

async function fetchKey(
  system: SystemId,
  address: string,
  trust: Trust,
  ports: ReleasePorts,
): Promise<readonly Certificate[]> {
  const url = checkTarget(address, undefined, ports.network.configured);
  // The fingerprint proves the key, but an attacker on the line could leave out its revocations.
  if (url.protocol !== 'https:' && !ports.network.configured.has(hostAndPort(url)))
    throw new Failure('refused', `the key of ${system} is not offered over https`);
  const fetched = await fetchText(address, ports.network, { maxBytes: MAX_KEY, redirectHosts: [] });
  const bytes = fetched?.bytes ?? Buffer.alloc(0);
  refusePage(bytes, shownUrl(url), `the key of ${system}`);
  const certificates = pinnedOf(bytes, trust.pinned, `the key of ${system} at ${url.host}`);
  await makeFolder(ports.root, KEYS);
  const id = createHash('sha256').update(address).digest('hex').slice(0, 8);
  const file = `${KEYS}/${system}-${id}.asc`;
  await replaceFile(ports.root, file, bytes, { confirm: () => keepsRevocations(file, certificates, trust, ports) });
  return certificates;
}

/** False when the stored copy knows of a revocation that the new one lacks: then it is kept, and goes on counting. */
async function keepsRevocations(
  file: string,
  fresh: readonly Certificate[],
  trust: Trust,
  ports: ReleasePorts,
): Promise<boolean> {
  const old = await ports.root.read(file, MAX_KEY).catch(() => undefined);
  if (old === undefined) return true;
  const lost = revokedOf(pinnedOf(old.bytes, trust.pinned, file, true)).filter(
    (key) => !revokedOf(fresh).includes(key),
  );
  if (lost.length > 0)
    ports.network.log.warn({ keys: lost }, 'the publisher’s key file lost a revocation, the stored copy is kept');
  return lost.length === 0;
}

function revokedOf(certificates: readonly Certificate[]): readonly string[] {
  return certificates.flatMap(({ keys }) => keys.filter(({ revoked }) => revoked).map(({ key }) => key.fingerprint));
}

function pinnedOf(bytes: Buffer, pinned: readonly string[], where: string, lenient = false): readonly Certificate[] {
  if (!lenient) refusePage(bytes, where, 'a key');
  const found = readOrNone(bytes, lenient).filter(({ fingerprint }) => pinned.includes(fingerprint));
  if (found.length > 0 || lenient) return found;
  throw new Failure('refused', `${where} is not the one that is pinned`, {
    remedy: `expected the fingerprint ${pinned.join(' or ')}`,
  });
}

function readOrNone(bytes: Buffer, lenient: boolean): readonly Certificate[] {
  try {
    return readCertificates(bytes);
  } catch (error) {
    if (lenient && error instanceof Failure) return [];
    throw error;
  }
}
