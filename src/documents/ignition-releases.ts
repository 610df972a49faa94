import type { SystemId } from '../model/profile.ts';

interface Spec {
  readonly version: string;
  /** The first Ignition that reads this version as a stable one, and the day of its release. */
  readonly ignition: string;
  readonly day: string;
}

/**
 * coreos.github.io/ignition/specs ("Specification versions and Ignition releases") and release-notes, NEWS of the branch
 * spec2x. 2.0.0 and 3.0.0 are as old as the systems that read them. The day of 2.26.0 is not in them: 2.24.0's, the last
 * before it that is, is early enough.
 */
const SPECS: readonly Spec[] = [
  { version: '2.1.0', ignition: '0.17.0', day: '2017-06-30' },
  { version: '2.2.0', ignition: '0.22.0', day: '2018-02-09' },
  { version: '2.3.0', ignition: '0.29.0', day: '2018-11-30' },
  { version: '3.1.0', ignition: '2.3.0', day: '2020-05-05' },
  { version: '3.2.0', ignition: '2.7.0', day: '2020-10-13' },
  { version: '3.3.0', ignition: '2.11.0', day: '2021-06-25' },
  { version: '3.4.0', ignition: '2.15.0', day: '2023-02-21' },
  { version: '3.5.0', ignition: '2.20.0', day: '2024-10-22' },
  { version: '3.6.0', ignition: '2.26.0', day: '2025-10-14' },
];

/** flatcar.org/docs/latest/provisioning/ignition/specification: "Starting from release 3185.0.0, Ignition v3". */
const FLATCAR_SPEC_3 = 3185;
/** Flatcar's release feed: 4593.2.5 has Ignition 2.24.0. */
const FLATCAR_SPEC_36 = 4594;

const DAY_MS = 86_400_000;
/** Container Linux and Flatcar count their branches in days since this one: 1298 is 2017-01-19. */
const EPOCH = Date.UTC(2013, 6, 1);

/** A release that is too old for a document's version. */
interface TooNew {
  /** `releases from 4131 on can (it came with Ignition 2.20.0, 2024-10-22)`. */
  readonly since: string;
  /** The newest version of the same kind that the release can read; undefined when there is none. */
  readonly instead: string | undefined;
}

/**
 * Why a release cannot read a version of Ignition's configuration: it was built before the first Ignition that can. Only
 * what is certain: a release from after that day may still have an older Ignition. Undefined where nothing is known.
 */
export function tooNewFor(system: SystemId | undefined, release: string, version: string): TooNew | undefined {
  const since = sinceFor(system, release, version);
  if (since === undefined) return undefined;
  const same = SPECS.filter((spec) => spec.version[0] === version[0] && spec.version < version);
  const instead = same.findLast((spec) => sinceFor(system, release, spec.version) === undefined)?.version;
  const oldest = `${version.slice(0, 1)}.0.0`;
  return { since, instead: instead ?? (sinceFor(system, release, oldest) === undefined ? oldest : undefined) };
}

function sinceFor(system: SystemId | undefined, release: string, version: string): string | undefined {
  const spec = SPECS.find((one) => one.version === version);
  const came = spec === undefined ? '' : ` (it came with Ignition ${spec.ignition}, ${spec.day})`;
  if (system === 'fedora-coreos') {
    // FEDORA.YYYYMMDD.STREAM.N
    const built = /^\d+\.(\d{8})\./.exec(release)?.[1];
    const first = spec?.day.replaceAll('-', '');
    if (built === undefined || first === undefined || built >= first) return undefined;
    return `releases built from ${first} on can${came}`;
  }
  if (system !== 'flatcar' && system !== 'coreos') return undefined;
  const branch = Number(/^(\d{3,5})\./.exec(release)?.[1] ?? Number.NaN);
  const day = spec === undefined ? 0 : Math.ceil((Date.parse(spec.day) - EPOCH) / DAY_MS);
  const first = system === 'flatcar' ? Math.max(day, flatcarFirst(version)) : day;
  // Flatcar says what its own first release was; the day of an older Ignition would only confuse.
  return branch < first ? `releases from ${String(first)} on can${first > day ? '' : came}` : undefined;
}

function flatcarFirst(version: string): number {
  if (version === '3.6.0') return FLATCAR_SPEC_36;
  return version.startsWith('3.') ? FLATCAR_SPEC_3 : 0;
}
