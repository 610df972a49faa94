import { describe, expect, expectTypeOf, it } from 'vitest';
import { parseName, parseVersion } from '../../src/model/profile.ts';
import type { ArtifactSpec, ReleaseRef, ReleaseSpec, VerifiedArtifact } from '../../src/model/release.ts';
import { startHashes } from '../../src/releases/draft.ts';
import type { publishRelease } from '../../src/releases/publish.ts';
import { checkTogether, signatureFailure, verifyArtifact, verifyMember } from '../../src/releases/verify.ts';
import { hex } from '../support/upstream-formats.ts';

const name = parseName('kernel') ?? expect.fail();
const version = parseVersion('1.0.0') ?? expect.fail();
const ref: ReleaseRef = { system: 'talos', channel: 'stable', arch: 'amd64', version, shelf: 'talos/amd64/1.0.0' };
const hashes = startHashes(new Set());
hashes.update(Buffer.from('abc'));
const sha256 = hex('sha256', 'abc');
const sha512 = hex('sha512', 'abc');

function verify(changes: Partial<ArtifactSpec>, listed = {}): VerifiedArtifact {
  const spec: ArtifactSpec = {
    name,
    url: 'http://x/kernel',
    kind: 'kernel',
    digests: {},
    digestLists: [],
    signatureUrls: [],
    unpack: [],
    ...changes,
  };
  return verifyArtifact({ ref, spec, hashes, signatures: undefined, listed, policy: undefined });
}

describe('verifyArtifact', () => {
  it('records what was proved', () => {
    expect(verify({ digests: { sha256 } }, { sha512 })).toEqual({
      ref,
      name,
      kind: 'kernel',
      size: 3,
      sha256,
      sha512,
      evidence: { digests: ['sha256', 'sha512'] },
    });
  });
  it.each<[string, Partial<ArtifactSpec>, object, string]>([
    ['nothing is known of it', {}, {}, 'neither a digest nor a signature'],
    ['one of two digests is wrong', { digests: { sha256 } }, { sha512: '0'.repeat(128) }, 'sha512'],
    [
      'the feed’s digest is wrong',
      { digests: { sha256: '0'.repeat(64) } },
      {},
      `has sha256 ${sha256}, its publisher says 000`,
    ],
    ['the size is wrong', { size: 4, digests: { sha256 } }, {}, 'has 3 bytes, 4 were announced'],
    [
      'the publisher signs and no signature is there',
      { digests: { sha256 }, signatureUrls: ['http://x/sig'] },
      {},
      'has no signature',
    ],
  ])('refuses a file when %s', (_, changes, listed, message) => {
    expect(() => verify(changes, listed)).toThrow(message);
  });
});

it('nothing but a verified artifact can be published', () => {
  type Publishable = Parameters<typeof publishRelease>[2][number];
  expectTypeOf<VerifiedArtifact>().toExtend<Publishable>();
  expectTypeOf<ArtifactSpec>().not.toExtend<Publishable>();
  const forged = { ref, name, kind: 'kernel' as const, size: 3, sha256, sha512, evidence: { digests: [] } };
  expectTypeOf(forged).not.toExtend<Publishable>();
  // @ts-expect-error -- the mark of a verified file cannot be written down
  const artifact: VerifiedArtifact = forged;
  expect(artifact).toBe(forged);
});

it('a file of an archive has the archive’s proof and its own digests', () => {
  const archive = verify({ digests: { sha256 } });
  const inner = startHashes(new Set());
  const member = verifyMember(archive, { member: 'a/vmlinuz', name, kind: 'kernel' }, inner);
  expect(member).toMatchObject({ size: 0, sha256: hex('sha256', ''), evidence: archive.evidence });
});

describe('checkTogether', () => {
  const signed = (kind: 'kernel' | 'initrd' | 'install', signedAt: number): VerifiedArtifact => {
    const evidence = { digests: [], signature: { primary: 'P', key: 'K', hash: 'sha256', signedAt } };
    return { ...verify({ kind, digests: { sha256 } }), evidence };
  };
  const spec: ReleaseSpec = { ref, trust: undefined, artifacts: [], redirectHosts: [], signedWithin: 100 };
  const check =
    (...files: readonly VerifiedArtifact[]) =>
    (): void => {
      checkTogether(spec, files);
    };
  it('refuses kernel and initramfs that were signed far apart, in either order', () => {
    expect(check(signed('kernel', 0), signed('initrd', 100))).not.toThrow();
    expect(check(signed('kernel', 0), signed('initrd', 101))).toThrow('not of one release');
    expect(check(signed('kernel', 101), signed('initrd', 0))).toThrow('not of one release');
  });
  it('refuses files that were signed far from what names the version, a disk image too', () => {
    const at = (versionSignedAt: number) => () => {
      checkTogether({ ...spec, versionSignedAt }, [signed('kernel', 1000), signed('initrd', 1050)]);
    };
    expect(at(950)).not.toThrow();
    expect(at(1100)).not.toThrow();
    expect(at(949)).toThrow('its version');
    expect(at(1101)).toThrow('not of one release');
    expect(check(signed('kernel', 0), signed('install', 101))).toThrow('not of one release');
  });
  it('has nothing to say of one file, or without signatures', () => {
    expect(check(signed('kernel', 0))).not.toThrow();
    expect(check(verify({ digests: { sha256 } }))).not.toThrow();
    checkTogether({ ...spec, ref }, []);
  });
});

it('two files of different days are named, with how far apart they were signed', () => {
  const day = 86_400;
  const spec: ReleaseSpec = { ref, trust: undefined, artifacts: [], redirectHosts: [], signedWithin: day };
  const file = (of: string, signedAt: number): VerifiedArtifact => ({
    ...verify({ name: parseName(of) ?? expect.fail(), digests: { sha256 } }),
    evidence: { digests: [], signature: { primary: 'P', key: 'K', hash: 'sha256', signedAt } },
  });
  expect(() => {
    checkTogether(spec, [file('initrd', 12.4 * day), file('kernel', 2 * day), file('between', 5 * day)]);
  }).toThrow(
    expect.objectContaining({
      message: 'kernel and initrd of talos were signed 10 days apart: they are not of one release',
      remedy: 'a mirror may be half updated, or put together from several releases',
    }),
  );
  expect(() => {
    checkTogether({ ...spec, versionSignedAt: 9 * day }, [file('kernel', 0)]);
  }).toThrow('kernel and its version 1.0.0 of talos were signed 9 days apart');
});

it.each([
  ['bad', 'does not match its signature', undefined],
  ['clock', 'is signed in the future: the clock of this machine is behind', 'set the clock'],
  ['weak-hash', 'is signed with SHA-1, which can be forged', 'PILOTLIGHT_ALLOW_SHA1=on'],
  ['lifetime', 'is signed by a key that was not valid at that time', undefined],
  ['expired', 'has a signature that was made to expire', undefined],
  ['unsupported', 'has a signature of a kind that is not accepted', undefined],
  ['stranger', 'is signed by a key that is not pinned for its publisher', undefined],
  ['revoked', 'is signed by a key that its publisher revoked', 'do not use this release'],
  ['none', 'has no signature', undefined],
] as const)('a signature that does not count says why: %s', (reason, why, remedy) => {
  const failure = signatureFailure('kernel', reason);
  expect(failure.message).toBe(`kernel ${why}`);
  if (remedy === undefined) expect(failure.remedy).toBeUndefined();
  else expect(failure.remedy).toContain(remedy);
});

it('a wrong clock is no refusal: the file may be good', () => {
  expect(signatureFailure('x', 'clock').code).toBe('unavailable');
  expect(signatureFailure('x', 'revoked', 'K')).toMatchObject({
    code: 'refused',
    message: 'x is signed by a key that its publisher revoked (key K)',
  });
});
