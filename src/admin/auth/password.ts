import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import { KeyedMutex } from '../../model/service.ts';

/** 32 MiB and a few tenths of a second: one of the five that OWASP's password storage sheet has for scrypt. */
const COST = { log2N: 15, r: 8, p: 3 };
const BYTES = 32;
const SHAPE = /^scrypt:(\d{2}):(\d{1,2}):(\d{1,2}):([\w-]{22}):([\w-]{43})$/;
const MIN = 10;
const MAX = 256;

/** One at a time: a crowd at the login page takes one core and 32 MiB, whatever it sends. */
const turns = new KeyedMutex();

/** Throws Failure `invalid` for one that is too short to be a secret. The text itself is never repeated. */
export function checkPassword(password: string): void {
  const length = Array.from(password).length;
  if (length >= MIN && length <= MAX) return;
  const remedy = `take ${MIN} to ${MAX} characters: a few words do well`;
  throw new Failure('invalid', `the password is too ${length < MIN ? 'short' : 'long'}`, { remedy });
}

/** What is kept of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { log2N, r, p } = COST;
  const hash = await derive(password, salt, COST);
  return `scrypt:${log2N}:${r}:${p}:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/** Whether it is this password. Without a hash (an unknown user) it takes as long, and it is not. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, log2N, r, p, salt = '', wanted = ''] = SHAPE.exec(hash ?? '') ?? [];
  const cost = hash === undefined ? COST : { log2N: Number(log2N), r: Number(r), p: Number(p) };
  const made = await derive(password.slice(0, MAX * 4), Buffer.from(salt, 'base64url'), cost);
  const kept = Buffer.from(wanted, 'base64url');
  return kept.length === made.length && timingSafeEqual(kept, made);
}

/** Whether `isPassword` can work with it: its shape, and that it costs no more than a second and 128 MiB. */
export function isHash(text: string): boolean {
  const [, log2N, r, p] = SHAPE.exec(text) ?? [];
  return Number(log2N) >= 14 && Number(log2N) <= 17 && Number(r) === 8 && Number(p) >= 1 && Number(p) <= 8;
}

type Cost = typeof COST;

async function derive(password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** log2N;
  // The same letters, however a keyboard composes them (NFKC, as RFC 8265 has it for passwords).
  const text = password.normalize('NFKC');
  return await turns.run(
    'scrypt',
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(text, salt, BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );
}
