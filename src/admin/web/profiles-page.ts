import { plural } from '../../model/text.ts';
import type { ProfileRow } from '../../model/views.ts';
import { machinesHref, profileHref } from './format.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

export function mountProfilesPage(show: PageShow, { adminService }: PageDeps): void {
  show.route('Profiles', '/dashboard/profiles', {
    get: async (req, res) => show.page(req, res, profilesPage(await adminService.profiles())),
  });
}

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
  return nodes === 0 ? 'machines that ask for it by name' : plural(nodes, 'node');
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
