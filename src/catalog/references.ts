import type { Problem } from '../model/problem.ts';
import { DOCUMENT_KINDS } from '../model/profile.ts';
import { documentNames, findDocument } from './find-document.ts';
import type { Around } from './inspection.ts';
import type { ReadProfile } from './read-profile.ts';

/**
 * What the profile names and the folders lack: errors, because its machines boot without it. The profile comes into force
 * all the same, since a folder is copied file by file. `broken` are the files of configs/ and sshkeys/ that are there and
 * not in force: those have an error of their own.
 */
export function missingReferences(
  read: ReadProfile,
  around: Around,
  broken: ReadonlySet<string> = new Set(),
): readonly Problem[] {
  const { profile, locator } = read;
  const problems: Problem[] = [];
  for (const kind of DOCUMENT_KINDS) {
    const name = profile[kind];
    if (name === undefined || findDocument(around.documents, kind, name) !== undefined) continue;
    const names = documentNames(kind, name);
    if (names.some((one) => broken.has(`configs/${one}`) || broken.has(`configs/${one}.hbs`))) continue;
    const [file = name] = documentNames(kind, name.replace(/\.hbs$/, ''));
    // The last name is the one without ".yml" added: who wrote an ending meant it.
    const wanted = kind === 'cloud_config' && /\.ya?ml$/.test(name) ? name : file;
    add(kind, `there is no document configs/${wanted}`, `create configs/${wanted} or configs/${wanted}.hbs`);
  }
  if (profile.sshkey !== undefined && !around.keys.has(profile.sshkey)) {
    const file = `sshkeys/${profile.sshkey}.pub`;
    if (!broken.has(file)) add('sshkey', `there is no key ${file}`, `put the public key in ${file}`);
  }
  return problems;

  function add(key: string, message: string, remedy: string): void {
    const place = { file: profile.file, key, ...locator.value([key]) };
    problems.push({ severity: 'error', message, place, remedy });
  }
}
