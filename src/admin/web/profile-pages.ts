import { placeText, type FileDiagnostic } from '../../model/failure.ts';
import type { Preview, ProfileRow, ProfileView, ReleaseRow } from '../../model/views.ts';
import { bytesText, machineHref, machinesHref, optionalMoment, plural, profileHref } from './format.ts';
import type { Page } from './pages.ts';
import { textDiff } from './confirm-page.ts';

export interface EditorInput {
  /** Undefined: a profile that is not there yet. */
  readonly name: string | undefined;
  /** What stands in the field: the file, or what the operator made of it. */
  readonly text: string;
  /** Of the text that the change began with; undefined creates the file. */
  readonly revision: string | undefined;
  readonly keys: ProfileView['keys'];
  /** What saving would do. */
  readonly preview?: Preview;
  /** Somebody else changed the file meanwhile: what stands in it now. */
  readonly theirs?: string;
  readonly failed?: { readonly message: string; readonly remedy?: string | undefined };
  /** For a new profile: what was typed as its name. */
  readonly typedName?: string;
}

/** Where the text of a profile is changed: nothing is written before its preview was seen. */
export function editorPage(input: EditorInput): Page {
  const { name, text, preview } = input;
  const problems = problemItems(preview?.problems ?? []);
  const refused = problems.some(({ error }) => error);
  const diff = preview === undefined ? undefined : textDiff(preview.diff);
  const base = name === undefined ? '/dashboard/new-profile' : profileHref(name);
  return {
    view: 'editor',
    title: name === undefined ? 'New profile' : `Edit ${name}`,
    section: 'Profiles',
    live: [],
    data: {
      name,
      typedName: input.typedName ?? '',
      text,
      revision: input.revision,
      keys: input.keys.map(({ key, help, example }) => ({ key, help, example })),
      previewAction: `${base}/preview`,
      saveAction: `${base}/save`,
      cancel: name === undefined ? '/dashboard/profiles' : base,
      preview:
        preview === undefined
          ? undefined
          : { file: preview.file, diff, problems, refused, canSave: !refused && diff?.same === false },
      theirs: input.theirs,
      failed: input.failed,
    },
  };
}

/** What a new profile begins with. */
export const STARTER = `{
  "system": "flatcar",
  "channel": "stable",
  "nodes": []
}
`;

export function profilesPage(profiles: readonly ProfileRow[]): Page {
  const ill = profiles.filter((profile) => validityOf(profile).shape === 'bad').length;
  return {
    view: 'profiles',
    section: 'Profiles',
    live: ['profiles'],
    summary: `${plural(profiles.length, 'profile')}${ill === 0 ? '' : `, ${ill} with errors`}`,
    data: { rows: profiles.map(profileLine), none: profiles.length === 0 },
  };
}

/** A profile as a row, and as the head of its own page. */
export function profileLine(profile: ProfileRow): object {
  const { name, file, title, channel, arch, version, update, nodes } = profile;
  return {
    name,
    href: profileHref(name),
    file,
    system: title,
    channel: `${channel}, ${arch}`,
    version: version === '' ? undefined : version,
    update: update === 'auto' ? 'follows its channel' : 'pinned by hand',
    auto: update === 'auto',
    install: profile.install,
    isDefault: profile.default,
    nodes: plural(nodes, 'node'),
    bootedBy: bootedBy(profile),
    machines: machinesHref({ profile: name }),
    validity: validityOf(profile),
  };
}

export function bootedBy({ nodes, default: isDefault }: Pick<ProfileRow, 'nodes' | 'default'>): string {
  const rest = 'every machine that no profile lists';
  if (isDefault) return nodes === 0 ? rest : `${plural(nodes, 'node')}, and ${rest}`;
  return nodes === 0 ? 'whoever asks for it by name' : plural(nodes, 'node');
}

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

/** Whether a profile is all right, in words, with a shape (`shape-good`, `shape-warn`, `shape-bad`). */
interface Validity {
  readonly shape: 'good' | 'warn' | 'bad';
  readonly word: string;
  /** What that means for machines. */
  readonly detail: string | undefined;
}

export function validityOf({ problems, inForce }: Pick<ProfileRow, 'problems' | 'inForce'>): Validity {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (!inForce) return { shape: 'bad', word: 'Not in force', detail: 'no good version of it was ever there' };
  if (errors > 0) {
    return { shape: 'bad', word: plural(errors, 'error'), detail: 'its last good version stays in force' };
  }
  if (problems.length > 0) return { shape: 'warn', word: plural(problems.length, 'warning'), detail: undefined };
  return { shape: 'good', word: 'Valid', detail: undefined };
}

/** A problem as pages list it: what, where, what to do. */
export interface ProblemItem {
  readonly error: boolean;
  /** `Error`, `Warning`: never the colour alone. */
  readonly word: string;
  readonly message: string;
  /** `profiles/a.json:3:5 nodes[0].mac`; undefined for the server's own troubles. */
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  /** Where it can be mended: a profile's editor. */
  readonly href: string | undefined;
}

/** Errors first, otherwise in their order. */
export function problemItems(problems: readonly FileDiagnostic[]): readonly ProblemItem[] {
  return errorsFirst(problems).map(({ severity, message, place, remedy }) => {
    const profile = /^profiles\/([^/]+)\.json$/.exec(place.file)?.[1];
    return {
      error: severity === 'error',
      word: severity === 'error' ? 'Error' : 'Warning',
      message,
      place: placeText(place),
      remedy,
      href: profile === undefined ? undefined : `${profileHref(profile)}/edit`,
    };
  });
}

export function errorsFirst<T extends { readonly severity: 'error' | 'warning' }>(all: readonly T[]): readonly T[] {
  return [...all.filter((one) => one.severity === 'error'), ...all.filter((one) => one.severity === 'warning')];
}
