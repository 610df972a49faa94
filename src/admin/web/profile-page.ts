import type { ProfileView, ReleaseRow } from '../../model/office-views.ts';
import { bytesText, optionalMoment } from './format.ts';
import { machineHref } from './links.ts';
import type { Page } from './page.ts';
import { problemItems } from './problem-item.ts';
import { profileLine } from './profile-pages.ts';

export interface ProfileInput {
  readonly view: ProfileView;
  /** What is on the shelves for it; undefined while nobody knows. */
  readonly release: ReleaseRow | undefined;
  readonly now: number;
  /** Why the roll back did not happen. */
  readonly failed?: { readonly message: string; readonly remedy?: string | undefined };
}

export function profilePage({ view, release, now, failed }: ProfileInput): Page {
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
function textLines({ text, file, problems }: ProfileView): readonly object[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => ({
    number: i + 1,
    text: line,
    problem: problems.find(({ place }) => place.file === file && place.line === i + 1)?.severity,
  }));
}
