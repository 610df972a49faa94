import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataRoot } from '../files/data-root.ts';
import { createPrivateFile, isExposed } from '../files/private-file.ts';
import { makeFolder } from '../files/publish.ts';
import { Failure, failureLine, type FileDiagnostic } from '../model/failure.ts';
import type { MachineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import { type MachineToken, tokenBytes, tokenText } from '../model/plan.ts';

/** `boot`: documents, the installer, every report. `up`: only that the machine is up; it may lie on the machine's disk. */
export const TOKEN_KINDS = ['boot', 'up'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** What a token says, and the server's key vouches for. */
export interface TokenBody {
  readonly kind: TokenKind;
  /** Of which installation: when its first claim was made, in milliseconds since 1970. 0: the machine is not installed. */
  readonly claim: number;
  /** When it was given out, in milliseconds since 1970; whole seconds. */
  readonly issued: number;
}

export interface SeenToken extends TokenBody {
  /** It was given to this very address. */
  readonly sameAddress: boolean;
}

/** Tokens of machines: made and verified by a key of this server alone, nothing of them is kept. */
export interface TokenSource {
  issue(body: TokenBody, machine: MachineKey, address: string): MachineToken;
  /** Undefined for one that is not ours, not this machine's, cut off or changed: in a time that tells nothing of it. */
  verify(text: string, machines: readonly MachineKey[], address: string | undefined): SeenToken | undefined;
}

// One byte of kind, six of the claim, five of the issue's seconds, three by which the address is known again, fifteen
// that vouch for all of them and for the machine.
const CLAIM_AT = 1;
const ISSUED_AT = 7;
const ADDRESS_AT = 12;
const PROOF_AT = 15;
const LENGTH = 30;
const PROOF_BYTES = LENGTH - PROOF_AT;

export function createTokenSource(secret: Uint8Array): TokenSource {
  const key = createSecretKey(secret);
  return {
    issue({ kind, claim, issued }, machine, address) {
      const bytes = Buffer.alloc(LENGTH);
      bytes[0] = TOKEN_KINDS.indexOf(kind) + 1;
      bytes.writeUIntBE(claim, CLAIM_AT, 6);
      bytes.writeUIntBE(Math.floor(issued / 1000), ISSUED_AT, 5);
      addressMark(key, address).copy(bytes, ADDRESS_AT);
      proofOf(key, bytes, machine).copy(bytes, PROOF_AT);
      return tokenText(bytes);
    },
    verify(text, machines, address) {
      const bytes = tokenBytes(text);
      const kind = TOKEN_KINDS[(bytes?.[0] ?? 0) - 1];
      if (bytes === undefined || kind === undefined) return undefined;
      const proof = bytes.subarray(PROOF_AT);
      // All of them: which name fits shall not show in the time.
      const fitting = machines.filter((machine) => timingSafeEqual(proof, proofOf(key, bytes, machine)));
      if (fitting.length === 0) return undefined;
      const sameAddress =
        address !== undefined && addressMark(key, address).equals(bytes.subarray(ADDRESS_AT, PROOF_AT));
      const issued = bytes.readUIntBE(ISSUED_AT, 5) * 1000;
      return { kind, claim: bytes.readUIntBE(CLAIM_AT, 6), issued, sameAddress };
    },
  };
}

function proofOf(key: KeyObject, bytes: Buffer, machine: MachineKey): Buffer {
  const said = createHmac('sha256', key)
    .update('machine token 1\n')
    .update(bytes.subarray(0, PROOF_AT))
    .update(machine);
  return said.digest().subarray(0, PROOF_BYTES);
}

function addressMark(key: KeyObject, address: string): Buffer {
  const said = createHmac('sha256', key).update('address of a machine token 1\n').update(address);
  return said.digest().subarray(0, PROOF_AT - ADDRESS_AT);
}

export const TOKEN_KEY_FILE = 'state/token-key';
const KEY_BYTES = 32;
const MAX_BYTES = 4096;
const KEY = /^[0-9a-f]{64}$/;

export interface KeptTokenSource extends TokenSource {
  /** Why its key does not last. */
  readonly problems: readonly FileDiagnostic[];
}

/**
 * The key of this server, made once. Where it cannot be kept the log and Health say so: tokens then last as long as this
 * process, and machines that were handed one before wait for an operator.
 */
export async function openTokenSource(files: DataRoot, log: Log): Promise<KeptTokenSource> {
  try {
    return { ...createTokenSource(Buffer.from(await keyText(files, log), 'hex')), problems: [] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const remedy = `mend or remove ${TOKEN_KEY_FILE}; until then machines lose their tokens with every restart`;
    log.error({ problem: failureLine(error), remedy }, "the key of machines' tokens is not kept");
    const message = `the key of machines' tokens is not kept: ${error.message}`;
    const problem: FileDiagnostic = { severity: 'error', message, place: { file: TOKEN_KEY_FILE }, remedy };
    return { ...createTokenSource(randomBytes(KEY_BYTES)), problems: [problem] };
  }
}

async function keyText(files: DataRoot, log: Log): Promise<string> {
  if ((await readKey(files)) === undefined) {
    await makeFolder(files, 'state');
    await createPrivateFile(files, TOKEN_KEY_FILE, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  }
  const text = (await readKey(files)) ?? '';
  if (!KEY.test(text)) throw new Failure('broken', 'holds no key', { place: { file: TOKEN_KEY_FILE } });
  if (await isExposed(files, TOKEN_KEY_FILE)) {
    const remedy = `chmod 600 ${TOKEN_KEY_FILE}`;
    log.warn({ file: TOKEN_KEY_FILE, remedy }, "others than the server may read the key of machines' tokens");
  }
  return text;
}

async function readKey(files: DataRoot): Promise<string | undefined> {
  try {
    return (await files.read(TOKEN_KEY_FILE, MAX_BYTES)).bytes.toString('latin1').trim();
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  }
}
