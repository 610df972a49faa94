import { parseDigest } from '../model/digests.ts';
import { Failure } from '../model/failure.ts';
import type { Feed, FeedInput, FeedStep } from '../model/feed.ts';
import { parseFileName } from '../model/name.ts';
import type { Json, JsonObject } from '../model/profile.ts';
import type { ArtifactKind, ArtifactSpec } from '../model/release.ts';
import { artifact } from './feed-steps.ts';

const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
const KINDS: readonly ArtifactKind[] = ['kernel', 'initrd', 'rootfs', 'iso', 'install'];

/**
 * What the operator describes: `{ "version": "1", "files": [{ "name", "url", "sha256", "size", "kind" }] }`. The digest
 * in the profile is the proof; there is nothing to follow, so it changes when the profile does.
 */
export const custom: Feed = { id: 'custom', keys: [], base: () => '', start };

function start(input: FeedInput): FeedStep {
  const { profile, release } = input.custom ?? { profile: '', release: {} };
  const version = release['version'];
  const files = release['files'];
  if (typeof version !== 'string' || !VERSION.test(version) || version.includes('..')) throw broken(profile, 'version');
  if (!Array.isArray(files) || files.length === 0) throw broken(profile, 'files');
  if (parseFileName(profile) === undefined) throw unnameable(profile);
  const artifacts = (files as readonly Json[]).map((entry, i) => fileSpec(entry, profile, `files[${i}]`));
  if (new Set(artifacts.map(({ name }) => name)).size < artifacts.length) throw broken(profile, 'files');
  return {
    kind: 'release',
    release: {
      ref: {
        system: 'custom',
        channel: input.channel,
        arch: input.arch,
        version: version as FeedVersion,
        // Two profiles may call different files the same version.
        shelf: `custom/${profile}/${version}`,
      },
      trust: undefined,
      artifacts,
      redirectHosts: [],
    },
  };
}
type FeedVersion = NonNullable<FeedInput['version']>;

function fileSpec(entry: Json, profile: string, key: string): ArtifactSpec {
  const file = isObject(entry) ? entry : {};
  const { name, url, sha256, size, kind = 'kernel' } = file;
  const digest = typeof sha256 === 'string' ? parseDigest(sha256, 'sha256') : undefined;
  if (digest === undefined) throw broken(profile, `${key}.sha256`);
  if (typeof name !== 'string' || parseFileName(name) === undefined) throw broken(profile, `${key}.name`);
  if (typeof url !== 'string' || !/^https?:\/\/[\x21-\x7e]{1,1000}$/.test(url) || !URL.canParse(url))
    throw broken(profile, `${key}.url`);
  if (size !== undefined && !(typeof size === 'number' && Number.isSafeInteger(size) && size > 0))
    throw broken(profile, `${key}.size`);
  const known = KINDS.find((one) => one === kind);
  if (known === undefined) throw broken(profile, `${key}.kind`);
  return artifact(name, { url, kind: known, digests: { sha256: digest }, ...(size === undefined ? {} : { size }) });
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The profile's name is a folder's name below images/custom/. */
function unnameable(profile: string): Failure {
  return new Failure('broken', 'a profile with `release` may have neither folder, colon nor blank in its name', {
    place: { file: `profiles/${profile}.json`, key: 'release' },
    remedy: 'rename the file',
  });
}

function broken(profile: string, key: string): Failure {
  return new Failure('broken', 'missing or malformed', {
    place: { file: `profiles/${profile}.json`, key: `release.${key}` },
    remedy: '"release" is { "version": "1", "files": [{ "name": "vmlinuz", "url": "https://...", "sha256": "..." }] }',
  });
}
