import { Failure } from '../model/failure.ts';
import type { Artifact } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import { parseVersion } from '../model/version.ts';

/** The profile's version, safe as a path segment. Throws Failure `broken` when it is missing or malformed. */
export function versionOf(profile: Profile): string {
  const version = parseVersion(profile.version);
  if (version !== undefined) return version;
  const missing = profile.version === '';
  throw new Failure('broken', missing ? 'no version' : `"${profile.version.slice(0, 80)}" is not a version`, {
    place: { file: profile.file, key: 'version' },
    remedy: `set "version" to a release that lies below images/${profile.system === 'coreos' ? 'amd64-usr' : `${profile.system}/${profile.arch}`}/`,
  });
}

/** `flatcar/amd64/4593.2.5`: the folder below images/ of every system but CoreOS Container Linux. */
export function systemShelf(profile: Profile): string {
  return `${profile.system}/${profile.arch}/${versionOf(profile)}`;
}

/** A file of the profile's folder below images/. */
export function onShelf(folder: string, file: string): Artifact {
  return { kind: 'shelf', path: `${folder}/${file}` };
}

const URL_SPELLING = /^(?:https?|tftp):\/\/[\x21-\x7e]+$/;
const PATH_SPELLING = /^[A-Za-z0-9_][A-Za-z0-9._+@=,~-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._+@=,~-]*)*$/;

/**
 * Reads what an operator wrote as a kernel or an initrd: a URL, or a path below images/. A path may not leave the
 * shelf: every segment begins with a letter, a digit or `_`. Throws Failure `broken`.
 */
export function parseArtifact(text: string, profile: Profile, key: string): Artifact {
  // "$" and "\" would be read by iPXE, "#" cuts a URL short (RFC 3986, 3.5).
  if (URL_SPELLING.test(text) && !/[\\#"'<>`]|\$\{/.test(text)) return { kind: 'url', url: text };
  if (PATH_SPELLING.test(text)) return { kind: 'shelf', path: text };
  throw new Failure('broken', `"${text.slice(0, 120)}" is neither a path below images/ nor a URL`, {
    place: { file: profile.file, key },
    remedy:
      'write a path such as "custom/vmlinuz" (letters, digits and . _ + @ = , ~ - in each part) or http://HOST/FILE',
  });
}
