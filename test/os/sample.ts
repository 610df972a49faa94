import { Failure, failureLine } from '../../src/model/failure.ts';
import { parseMac } from '../../src/model/machine.ts';
import { artifactUrl, type Origin, originFromHost } from '../../src/model/plan.ts';
import { DOCUMENT_KINDS, type BuiltProfile, type DocumentKind, parseName } from '../../src/model/profile.ts';
import type { PlanInput } from '../../src/os/system.ts';
import { SYSTEMS } from '../../src/os/systems.ts';

/** `10.0.2.2:4777`: the host as a QEMU guest sees it. */
export const ORIGIN: Origin = must(originFromHost('10.0.2.2:4777'));

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a sample is wrong');
  return value;
}

/** A checked profile with the schema's defaults and what the test says. */
export function profileOf(more: Partial<BuiltProfile>): BuiltProfile {
  return {
    name: must(parseName('sample')),
    file: 'profiles/sample.json',
    system: 'coreos',
    arch: 'amd64',
    channel: 'stable',
    update: 'auto',
    version: '1298.6.0',
    console: [],
    kernel_args: [],
    initrd: [],
    vars: {},
    nodes: [],
    default: false,
    local_boot: 'auto',
    boot: 'image',
    phone_home: false,
    ssh_host_keys: false,
    secrets: false,
    secure_boot: false,
    raw: {},
    ...more,
  };
}

/** What the boot service would hand over for a machine of this profile that it knows by its MAC. */
export function inputOf(profile: BuiltProfile, more: Partial<PlanInput> = {}): PlanInput {
  const documents: Partial<Record<DocumentKind, string>> = {};
  for (const kind of DOCUMENT_KINDS) {
    const name = profile[kind];
    if (name === undefined) continue;
    documents[kind] =
      kind === 'nocloud' ? `${ORIGIN}/nocloud/52-54-00-55-1c-ee/` : `${ORIGIN}/configs/${name}?mac=52-54-00-55-1c-ee`;
  }
  return { profile, origin: ORIGIN, facts: { mac: must(parseMac('52:54:00:55:1c:ee')) }, documents, ...more };
}

/** What the boot service would hand over to install it. */
export function installInputOf(profile: BuiltProfile, more: Partial<PlanInput> = {}): PlanInput {
  const machine = '52-54-00-55-1c-ee';
  const folder = `${ORIGIN}/install/${machine}`;
  return inputOf(profile, {
    install: {
      ignition: `${folder}/ignition`,
      cloudConfig: `${folder}/cloud-config`,
      report: `${ORIGIN}/installed/${machine}`,
    },
    ...more,
  });
}

/** A plan as text, one item a line, for goldens. */
export function planText(input: PlanInput): string {
  const system = SYSTEMS[input.profile.system];
  const plan = system.plan(input);
  return [
    `title   ${system.title}`,
    `shelf   ${system.shelf(input.profile) ?? '-'}`,
    `kernel  ${artifactUrl(plan.kernel, input.origin)}`,
    ...plan.initrds.map((artifact) => `initrd  ${artifactUrl(artifact, input.origin)}`),
    ...plan.extras.map((artifact) => `extra   ${artifactUrl(artifact, input.origin)}`),
    ...plan.args.map((arg) => `arg     ${arg}`),
    '',
  ].join('\n');
}

/** `broken profiles/a.json key: message (remedy)` of the failure that planning meets. */
export function refusal(profile: BuiltProfile): string {
  try {
    SYSTEMS[profile.system].plan(inputOf(profile));
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${failureLine(error)}`;
    throw error;
  }
  return 'no failure';
}
