import type { Problem } from '../domain/problem.ts';
import { DOCUMENT_KINDS } from '../domain/profile.ts';
import { documentNames, findDocument } from './find-document.ts';
import type { Around } from './inspection.ts';
import type { ReadProfile } from './read-profile.ts';

/** What the profile names and the folders lack. Only warnings: whoever copies a folder copies it file by file. */
export function missingReferences(read: ReadProfile, around: Around): readonly Problem[] {
  const { profile, locator } = read;
  const problems: Problem[] = [];
  for (const kind of DOCUMENT_KINDS) {
    const name = profile[kind];
    if (name === undefined || findDocument(around.documents, kind, name) !== undefined) continue;
    const [file = name] = documentNames(kind, name.replace(/\.hbs$/, ''));
    // The last name is the one without ".yml" added: who wrote an ending meant it.
    const wanted = kind === 'cloud_config' && /\.ya?ml$/.test(name) ? name : file;
    add(kind, `there is no document configs/${wanted}`, `create configs/${wanted} or configs/${wanted}.hbs`);
  }
  if (profile.sshkey !== undefined && !around.keys.has(profile.sshkey)) {
    const file = `sshkeys/${profile.sshkey}.pub`;
    add('sshkey', `there is no key ${file}`, `put the public key in ${file}`);
  }
  return problems;

  function add(key: string, message: string, remedy: string): void {
    const place = { file: profile.file, key, ...locator.value([key]) };
    problems.push({ severity: 'warning', message, place, remedy });
  }
}
