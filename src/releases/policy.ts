import type { Trust } from '../model/release.ts';
import type { Certificate } from './openpgp/keyring.ts';
import type { Policy } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';

/** Whom to believe, now. */
export function policyOf(trust: Trust, certificates: readonly Certificate[], { network }: ReleasePorts): Policy {
  return {
    certificates,
    pinned: trust.pinned,
    revoked: trust.revoked,
    allowSha1: trust.legacySha1,
    now: Math.floor(network.clock.now() / 1000),
  };
}
