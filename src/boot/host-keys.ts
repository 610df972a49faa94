import { Failure, failureLine } from '../model/failure.ts';
import type { JsonObject } from '../model/profile.ts';
import type { Match } from '../catalog/snapshot.ts';
import { makeHostKey, type HostKey } from '../machines/host-keys.ts';

/** Where templates get host keys from: src/identity has those of the nodes. */
export interface HostKeys {
  /** Undefined while the node's key is not there yet. Throws Failure where its file is at fault. */
  keyOf(node: string): HostKey | undefined;
}

/** One key that everybody may know, for looking at what a template would become. Nothing that leaves holds it. */
export const SAMPLE_KEYS: HostKeys = { keyOf: (node) => makeHostKey(node, Buffer.alloc(32, 1)) };

/** What a template sees as `ssh_host_keys`. */
export function hostKeyData({ privateKey, publicKey }: HostKey): JsonObject {
  return { ed25519_private: privateKey, ed25519_public: publicKey };
}

/** The key of the machine, where its profile asks for one and it can be had. */
export function hostKeyFor({ profile, node }: Match, keys: HostKeys | undefined): HostKey | undefined {
  if (!profile.ssh_host_keys || node === undefined) return undefined;
  try {
    return keys?.keyOf(node.name);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Why there is none, for a template that names it. `unavailable` may be over in a moment. */
export function whyNoHostKey({ profile, node }: Match, keys: HostKeys | undefined): Failure {
  if (!profile.ssh_host_keys) {
    return new Failure('broken', `${profile.file} keeps no host keys`, {
      remedy: 'add "ssh_host_keys": true to the profile',
    });
  }
  if (node === undefined) {
    return new Failure('broken', 'only a machine that a profile lists has a host key of its own', {
      remedy: `add the machine to "nodes" of ${profile.file}`,
    });
  }
  try {
    keys?.keyOf(node.name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return new Failure(error.code, `the host key of ${node.name} cannot be used: ${failureLine(error)}`);
  }
  return new Failure('unavailable', `the host key of ${node.name} is not made yet`, {
    remedy: 'ask again in a moment',
  });
}
