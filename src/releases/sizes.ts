import { Failure } from '../model/failure.ts';
import type { ArtifactSpec } from '../model/release.ts';
import { checkStatus, openUrl } from './fetcher.ts';
import type { ReleasePorts } from './ports.ts';

/** What a server says of a file before it is fetched. */
export interface Announced {
  readonly spec: ArtifactSpec;
  /** Bytes, as far as anybody knows. */
  readonly size: number | undefined;
}

/**
 * Asks for the size of every file, for the sum that the disk must hold, and finds out early that a release is only half
 * there. Files that are absent and optional are left out. Throws Failure `not-found` for one that must be there;
 * a server that does not answer HEAD says nothing, and is asked again with GET later.
 */
export async function announce(
  specs: readonly ArtifactSpec[],
  redirectHosts: readonly string[],
  ports: ReleasePorts,
): Promise<readonly Announced[]> {
  const found: Announced[] = [];
  for (const spec of specs) {
    const answer = await head(spec, redirectHosts, ports);
    if (answer === 'absent' && spec.optional === true) continue;
    if (answer === 'absent')
      throw new Failure('not-found', `${spec.url} does not exist: the release is not, or only half, published`, {
        remedy: 'the next run tries again',
      });
    found.push({ spec, size: spec.size ?? answer });
  }
  return found;
}

async function head(
  spec: ArtifactSpec,
  redirectHosts: readonly string[],
  { network }: ReleasePorts,
): Promise<number | 'absent' | undefined> {
  const signal = AbortSignal.any([network.signal, AbortSignal.timeout(network.limits.idle)]);
  try {
    const opened = await openUrl(spec.url, network, { method: 'HEAD', headers: {}, redirectHosts, signal });
    const length = opened.response.headers['content-length'];
    checkStatus(opened, [200], network.clock.now());
    opened.response.destroy();
    return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  } catch (error) {
    if (network.signal.aborted) throw error;
    if (error instanceof Failure && error.code === 'not-found') return 'absent';
    return undefined;
  }
}
