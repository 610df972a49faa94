import { Failure } from '../model/failure.ts';
import type { Initrd } from '../model/plan.ts';
import { initrdPath, isObject, type Json, parseFileName, type Profile, type Version } from '../model/profile.ts';
import { type ArtifactKind, type ArtifactSpec, type FeedInput, type FeedStep, parseDigest } from '../model/release.ts';
import { preseeding } from './debian.ts';
import { artifact, releaseStep } from './feed-steps.ts';
import { argument, consoles, nocloudSeed, parseArtifact, type PlanInput, type System, unlessSaid } from './system.ts';

const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
const KINDS: readonly ArtifactKind[] = ['kernel', 'initrd', 'rootfs', 'iso', 'install'];

/**
 * Any kernel: what the profile names, the documents' URLs, then `kernel_args`. Old keys keep their meaning. Each document
 * goes by the argument of the one program that reads its kind: coreos-cloudinit, Ignition, Debian's installer, Anaconda
 * (docs "inst.ks"), cloud-init. `generic` has no reader that is known here. Where `kernel_args` says such an argument
 * itself, nothing is put beside it.
 *
 * With `install` nothing is added: what installs is for the operator to say, in the documents (they know where to
 * report) or in `kernel_args`.
 *
 * Its release is what the profile describes: `{ "version": "1", "files": [{ "name", "url", "sha256", "size", "kind" }] }`.
 * The digest there is the proof; there is nothing to follow, so the release changes when the profile does.
 */
export const custom: System = {
  id: 'custom',
  title: 'Custom kernel',
  keys: [],
  base: () => '',
  start,
  shelf: () => undefined,
  plan(input) {
    const { profile, documents } = input;
    if (profile.kernel === undefined || profile.kernel === '') {
      throw new Failure('broken', 'a custom system needs a kernel', {
        place: { file: profile.file, key: 'kernel' },
        remedy: 'set "kernel" to a path below images/ or a URL',
      });
    }
    return {
      kernel: parseArtifact(profile.kernel, profile, 'kernel'),
      initrds: initrdsOf(profile),
      extras: [],
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', documents.cloud_config),
        ...argument('ignition.config.url', documents.ignition),
        ...unlessSaid(preseeding(input), profile, ['url', 'preseed/url']),
        ...unlessSaid(argument('inst.ks', documents.kickstart), profile, ['inst.ks', 'ks']),
        ...anacondaLog(input),
        ...unlessSaid(nocloudSeed(documents.nocloud), profile, ['ds']),
        ...argument('root', profile.root),
        ...profile.kernel_args,
      ],
    };
  },
};

/** Anaconda's; where there is a kickstart, it is Anaconda that boots. */
function anacondaLog({ profile, documents, logTo }: PlanInput): readonly string[] {
  if (logTo === undefined || documents.kickstart === undefined) return [];
  return unlessSaid([`inst.syslog=${logTo.host}:${logTo.port}`], profile, ['syslog']);
}

function start(input: FeedInput): FeedStep {
  const { profile, release } = input.custom ?? { profile: '', release: {} };
  const version = release['version'];
  const files = release['files'];
  if (typeof version !== 'string' || !VERSION.test(version) || version.includes('..')) throw broken(profile, 'version');
  if (!Array.isArray(files) || files.length === 0) throw broken(profile, 'files');
  if (parseFileName(profile) === undefined) throw unnameable(profile);
  const artifacts = (files as readonly Json[]).map((entry, i) => fileSpec(entry, profile, `files[${i}]`));
  if (new Set(artifacts.map(({ name }) => name)).size < artifacts.length) throw broken(profile, 'files');
  // Two profiles may call different files the same version.
  const shelf = `custom/${profile}/${version}`;
  return releaseStep(input, 'custom', version as Version, { shelf, artifacts });
}

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
  return artifact(name, { url, kind: known, digests: { sha256: digest }, size });
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

/**
 * wimboot (ipxe.org/wimboot) hands Windows' boot loader its files by their names, BCD, boot.sdi and boot.wim: they keep
 * their own unless the profile gives another.
 */
function initrdsOf(profile: Profile): readonly Initrd[] {
  const wimboot = /(?:^|\/)wimboot[^/]*$/.test(profile.kernel?.replace(/[?#].*$/, '') ?? '');
  return profile.initrd.map((entry, i): Initrd => {
    const path = initrdPath(entry);
    const artifact = parseArtifact(path, profile, `initrd[${i}]`);
    const own = wimboot ? path.replace(/[?#].*$/, '').replace(/^.*\//, '') : undefined;
    const name = typeof entry === 'string' ? own : entry.name;
    return name === undefined ? artifact : { ...artifact, name };
  });
}
