import type { ProfileRow } from '../../model/office-views.ts';
import { plural } from './format.ts';
import { machinesHref, profileHref } from './links.ts';
import type { Page } from './page.ts';
import { validityOf } from './validity.ts';

export function profilesPage(profiles: readonly ProfileRow[]): Page {
  const ill = profiles.filter((profile) => validityOf(profile).shape === 'bad').length;
  return {
    view: 'profiles',
    section: 'Profiles',
    live: ['profiles'],
    summary: `${plural(profiles.length, 'profile')}${ill === 0 ? '' : `, ${String(ill)} with errors`}`,
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
