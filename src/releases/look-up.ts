import { Failure } from '../model/failure.ts';
import type { FeedInput } from '../model/feed.ts';
import type { ReleaseSpec } from '../model/release.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import { compareVersions, parseVersion, type Version } from '../model/version.ts';
import type { ReleaseEvent, ReleasePorts } from './ports.ts';
import { resolveRelease } from './resolve.ts';
import { listReleases } from './retain.ts';
import { shelvesOf } from './in-use.ts';
import type { SyncState } from './holds.ts';
import type { SyncTarget } from './plan.ts';
import type { ClerkPorts } from './old-sync-ports.ts';

/** Asks the publisher (or the mirror) which release is the current one. */
export async function lookUp(target: SyncTarget, ports: ClerkPorts): Promise<ReleaseSpec> {
  const { system, channel, arch, install, custom } = target;
  const mirror = ports.mirror(system);
  const pinned = ports.pinned(system);
  const input: FeedInput = {
    channel,
    arch,
    install,
    legacySha1: ports.allowSha1,
    ...(mirror === undefined ? {} : { mirror }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(custom === undefined ? {} : { custom }),
    ...(target.version === undefined ? {} : { version: target.version }),
  };
  const spec = await resolveRelease(system, ports.feeds[system].start(input), portsFor(target, ports));
  await checkStillSigned(spec, ports);
  return spec;
}

/** Leaving a signature out must not be of use to anybody: a channel whose versions were signed once goes on being signed. */
async function checkStillSigned({ ref, versionSignedAt }: ReleaseSpec, { releases }: ClerkPorts): Promise<void> {
  if (versionSignedAt !== undefined) return;
  const series = [ref.system, ref.channel, ref.arch].join('/');
  const before = (await listReleases(releases.root)).find((one) => one.series === series && one.versionSigned === true);
  if (before === undefined) return;
  throw new Failure(
    'refused',
    `${series} ${ref.version} comes without a signed version.txt, which ${before.version} had`,
    {
      remedy: 'copy version.txt and version.txt.sig of that release to where the others were',
    },
  );
}

/** The release room's ports, whose events say which target they belong to. */
export function portsFor(target: SyncTarget, { releases, tell }: Pick<ClerkPorts, 'releases' | 'tell'>): ReleasePorts {
  return {
    ...releases,
    progress: (event) => {
      tell(named(target.id, event));
    },
  };
}

function named(target: string, event: ReleaseEvent): SyncEvent {
  if (event.kind !== 'download') return { target, ...event };
  const { file, received, size } = event;
  return { kind: 'download', target, file, received, ...(size === undefined ? {} : { size }) };
}

/**
 * The newest version that the target's profiles boot, or that the sync once accepted. A profile that was moved to
 * another channel still names that channel's release: it does not count, for channels number their releases each in
 * their own way.
 */
export async function versionInForce(
  target: SyncTarget,
  state: SyncState,
  ports: ClerkPorts,
): Promise<Version | undefined> {
  if (target.system === 'custom') return undefined;
  const published = await listReleases(ports.releases.root);
  const own = target.profiles.filter((profile) => {
    const [shelf] = shelvesOf(profile);
    const series = published.find((release) => release.shelf === shelf)?.series;
    return series === undefined || series === target.id;
  });
  const accepted = Object.hasOwn(state.accepted, target.id) ? state.accepted[target.id] : undefined;
  const versions = [...own.map(({ version }) => version), accepted ?? ''].flatMap((text) => parseVersion(text) ?? []);
  return versions.sort(compareVersions).at(-1);
}
