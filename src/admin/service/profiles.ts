import { editedLikeBefore } from './line-ends.ts';
import { readIfThere, saveProfile } from '../../catalog/edit-profile.ts';
import { revisionOf } from '../../catalog/revision.ts';
import type { Snapshot } from '../../catalog/snapshot.ts';
import { lineDiff } from '../web/line-diff.ts';
import { nameFrom } from '../../http/name-from.ts';
import type { Office } from './operations.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/nearest.ts';
import type { Preview, ProfileView } from '../../model/office-views.ts';
import type { Profile } from '../../model/profile.ts';
import { machineKey } from '../../model/machine.ts';
import type { OfficeDeps } from './deps.ts';
import { nodeFacts } from './known-nodes.ts';
import { profileKeys } from './profile-keys.ts';
import { brokenRow, profileRow } from './profile-rows.ts';

type Profiles = Pick<Office, 'previewProfile' | 'profile' | 'profiles' | 'saveProfile'>;

interface Draft {
  readonly file: string;
  readonly before: Buffer | undefined;
  readonly bytes: Buffer;
  readonly preview: Preview;
}

/** Profiles as files that people edit. */
export function profileOffice({ files, catalog, log }: Pick<OfficeDeps, 'catalog' | 'files' | 'log'>): Profiles {
  async function draftOf(name: string, text: string): Promise<Draft> {
    const file = `profiles/${nameFrom('profile', name)}.json`;
    const before = await readIfThere(files, file);
    const bytes = editedLikeBefore(before, text);
    await catalog.refresh();
    const problems = catalog.attempt(new Map([[file, bytes]]));
    const diff = lineDiff(before?.toString('utf8') ?? '', bytes.toString('utf8'));
    return { file, before, bytes, preview: { file, diff, problems } };
  }

  return {
    async profiles() {
      const snapshot = catalog.current();
      const good = [...snapshot.profiles.values()].map((profile) => profileRow(profile, snapshot));
      const broken = await Promise.all(brokenFiles(snapshot).map((file) => brokenRow(file, files, snapshot)));
      return Promise.resolve([...good, ...broken].sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
    async profile(name) {
      const file = `profiles/${nameFrom('profile', name)}.json`;
      const snapshot = await catalog.refresh();
      const bytes = await readIfThere(files, file);
      if (bytes === undefined) throw missing(name, snapshot);
      const profile = snapshot.profiles.get(name);
      const row = profile === undefined ? await brokenRow(file, files, snapshot) : profileRow(profile, snapshot);
      const members = profile === undefined ? [] : membersOf(profile);
      return { ...row, text: bytes.toString('utf8'), revision: revisionOf(bytes), members, keys: profileKeys() };
    },
    async previewProfile(name, text) {
      return (await draftOf(name, text)).preview;
    },
    async saveProfile(name, text, revision) {
      const { file, bytes, before, preview } = await draftOf(name, text);
      const now = before === undefined ? undefined : revisionOf(before);
      const stale = now !== revision;
      // A text with errors is not written; that it is outdated too is what must be known first.
      if (!stale && preview.problems.some(({ severity }) => severity === 'error')) return preview;
      if (stale || before?.equals(bytes) !== true) await saveProfile(files, file, bytes, revision);
      await catalog.refresh();
      log.info({ file }, 'a profile was saved by an operator');
      return preview;
    },
  };
}

/** Files that are on disk and have no good version at all. */
function brokenFiles({ problems, profiles }: Snapshot): readonly string[] {
  const files = problems.map(({ place }) => /^profiles\/([^/]+)\.json$/.exec(place.file));
  return [...new Set(files.flatMap((found) => (found === null || profiles.has(found[1] ?? '') ? [] : [found[0]])))];
}

function membersOf({ nodes }: Profile): ProfileView['members'] {
  return nodes.map((node) => {
    const key = machineKey(nodeFacts(node));
    return {
      name: node.name,
      ...(key === undefined ? {} : { key }),
      ...(node.ip === undefined ? {} : { address: node.ip }),
      identity: [node.mac, node.uuid, node.serial].filter((one) => one !== undefined).join(', '),
    };
  });
}

function missing(name: string, { profiles }: Pick<Snapshot, 'profiles'>): Failure {
  const near = nearest(name, profiles.keys());
  return new Failure('not-found', `there is no profile "${name}"`, {
    remedy: near === undefined ? `create profiles/${name}.json` : `did you mean "${near}"?`,
  });
}
