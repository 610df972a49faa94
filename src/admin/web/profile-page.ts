import { bytesText } from '../../model/text.ts';
import type { Request, Response } from 'express';
import type { VersionView } from '../../model/file-views.ts';
import type { ReleaseRow } from '../../model/release-views.ts';
import type { ProfileView } from '../../model/views.ts';
import { fileInPath, KINDS, shownVersions } from './edited-file.ts';
import { fieldText, pathText } from './form-fields.ts';
import { machineHref, optionalMoment, problemItems, profileHref } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';
import { profileLine } from './profiles-page.ts';

export function mountProfilePage(show: PageShow, { adminService }: PageDeps): void {
  async function page(req: Request, res: Response, failed?: FormFailure): Promise<void> {
    const file = fileInPath(req, 'profiles');
    const [view, releases, { versions }] = await Promise.all([
      adminService.profile(file.name),
      adminService.releases(),
      adminService.file(file),
    ]);
    const release = releases.targets.find(({ profiles }) => profiles.includes(view.name));
    await show.page(req, res, profilePage({ view, release, older: versions, now: Date.now(), failed }), failed?.status);
  }

  show.route('Profiles', '/dashboard/profiles/:name', { get: async (req, res) => page(req, res) });
  show.route('Profiles', '/dashboard/profiles/:name/rollback', {
    async post(req, res) {
      const name = pathText(req, 'name');
      try {
        await adminService.rollback(name, fieldText(req, 'version'));
      } catch (error) {
        await page(req, res, formFailure(error));
        return;
      }
      show.done(req, res, profileHref(name), 'rolled-back');
    },
  });
}

export interface ProfileInput {
  readonly view: ProfileView;
  /** Its releases; undefined for a profile that follows no channel. */
  readonly release: ReleaseRow | undefined;
  /** Of its file. */
  readonly older: readonly VersionView[];
  readonly now: number;
  /** Why the roll back did not happen. */
  readonly failed?: FormFailure;
}

export function profilePage({ view, release, older, now, failed }: ProfileInput): Page {
  const versions = shelves(view, release, now);
  return {
    view: 'profile',
    title: view.name,
    section: 'Profiles',
    live: ['profiles', 'releases'],
    data: {
      profile: profileLine(view),
      problems: problemItems(view.problems),
      members: view.members.map(({ name, key, identity, address }) => ({
        name,
        href: key === undefined ? undefined : machineHref(key),
        identity,
        address,
      })),
      versions,
      canRollBack: versions.length > 1,
      held: release?.held,
      lines: textLines(view),
      copy: `${KINDS.profiles.fresh}?copy=${encodeURIComponent(view.name)}`,
      older: shownVersions({ folder: 'profiles', name: view.name }, older, now),
      failed,
    },
  };
}

function shelves({ version: current }: ProfileView, release: ReleaseRow | undefined, now: number): readonly object[] {
  return (release?.shelves ?? []).map(({ version, size, publishedAt, verified }) => ({
    version,
    current: version === current,
    size: bytesText(size),
    published: optionalMoment(publishedAt, now),
    verified,
  }));
}

/** The file line by line; those with a problem say so. */
export function textLines({
  text,
  file,
  problems,
}: Pick<ProfileView, 'file' | 'problems' | 'text'>): readonly object[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => ({
    number: i + 1,
    text: line,
    problem: problems.find(({ place }) => place.file === file && place.line === i + 1)?.severity,
  }));
}
