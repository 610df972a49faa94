import { Failure } from '../model/failure.ts';
import type { Arch, SystemId } from '../model/profile.ts';
import type { Version } from '../model/version.ts';
import type { SyncTarget } from './plan.ts';

/** What a person says of the files on the stick; what is left out is guessed from their names. */
export interface ImportRequest {
  readonly system?: SystemId;
  readonly channel?: string;
  readonly arch?: Arch;
  readonly version?: Version;
}

const SIGNS: readonly (readonly [SystemId, RegExp])[] = [
  ['flatcar', /^flatcar_production_/],
  ['coreos', /^coreos_production_/],
  ['fedora-coreos', /^fedora-coreos-/],
  ['ubuntu', /^ubuntu-[0-9.]+-live-server-/],
  ['talos', /^initramfs-(?:amd64|arm64)\.xz$/],
  ['debian', /^InRelease$/],
];
/** What tells the version; without one of these it must be named. */
const POINTERS: Readonly<Partial<Record<SystemId, RegExp>>> = {
  flatcar: /^version\.txt$/,
  coreos: /^(?:version\.txt|coreos_production_pxe\.sh)$/,
  'fedora-coreos': /^[a-z-]+\.json$/,
  ubuntu: /^SHA256SUMS$/,
  talos: /^latest$/,
  debian: /^InRelease$/,
};

/** The release that a person carries here. Throws Failure `invalid` that says what has to be named. Pure. */
export function importTarget(
  names: readonly string[],
  request: ImportRequest,
  known: readonly SyncTarget[],
): SyncTarget {
  const system = request.system ?? SIGNS.find(([, sign]) => names.some((name) => sign.test(name)))?.[0];
  if (system === undefined || system === 'custom')
    throw new Failure('invalid', 'the names of these files do not tell which system they are of', {
      remedy: 'name it with --system',
    });
  const pointer = POINTERS[system];
  if (request.version === undefined && pointer !== undefined && !names.some((name) => pointer.test(name)))
    throw new Failure('invalid', 'these files do not tell which version they are', {
      remedy: 'name it with --release, or bring the file that the publisher names it in',
    });
  const channel = request.channel ?? onlyOne(known, system)?.channel ?? 'stable';
  const arch = request.arch ?? (names.some((name) => /arm64|aarch64/.test(name)) ? 'arm64' : 'amd64');
  const id = `${system}/${channel}/${arch}`;
  const version = request.version === undefined ? {} : { version: request.version };
  const followed = known.find((target) => target.id === id);
  // What is only for installers need not be on the stick.
  return { ...(followed ?? { id, system, channel, arch, profiles: [] }), install: false, ...version };
}

// One channel is followed: these files are of it.
function onlyOne(known: readonly SyncTarget[], system: SystemId): SyncTarget | undefined {
  const [first, ...others] = known.filter((target) => target.system === system);
  return others.every(({ channel }) => channel === first?.channel) ? first : undefined;
}
