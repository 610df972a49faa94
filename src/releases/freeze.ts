import { MANIFEST_NAME } from '../images/manifest.ts';
import type { ReleasePorts } from './ports.ts';

const DAY_MS = 86_400_000;
/** Every channel that is followed here publishes more often than once in a quarter. */
const QUIET_DAYS = 90;

/**
 * A channel that stands still may be a publisher that forgot it, or somebody who keeps new releases from us (TUF's
 * freeze attack): nothing that we verify can tell, so a person is told. Undefined while the release is young, or was
 * not published by us.
 */
export async function freezeWarning(
  shelf: string,
  ports: Pick<ReleasePorts, 'root' | 'network'>,
): Promise<string | undefined> {
  const published = await ports.root.stat(`images/${shelf}/${MANIFEST_NAME}`).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (published === undefined) return undefined;
  const days = Math.floor((ports.network.clock.now() - published) / DAY_MS);
  if (days <= QUIET_DAYS) return undefined;
  return `nothing new for ${String(days)} days: look at the publisher's page whether ${shelf} is still its newest release`;
}
