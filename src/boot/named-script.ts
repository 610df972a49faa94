import type { Snapshot, Match } from '../catalog/snapshot.ts';
import type { ImageStore } from '../images/store.ts';
import { askProcessor, bootScript, legacyScript } from '../ipxe/boot-script.ts';
import { unnamedInstallLines, unnamedSecretsLines } from '../ipxe/notices.ts';
import { type Decision, logTarget, type Origin } from '../model/plan.ts';
import { type MachineArch, omitUndefined } from '../model/machine.ts';
import { buildOf, type Name, nameInUrl } from '../model/profile.ts';
import type { ScriptAnswer } from './boot-service.ts';
import type { DecideOptions } from './decide.ts';
import { machinePlan, missingFiles, noProcessor } from './machine-plan.ts';
import { missingKey, profileMatch } from './refusals.ts';
import { notice } from './screens.ts';

interface NamedScriptRoom extends Pick<DecideOptions, 'syslog'> {
  readonly snapshot: Snapshot;
  readonly images: Pick<ImageStore, 'has'>;
  readonly arch?: MachineArch | undefined;
  readonly missingLines: (match: Match, missing: readonly string[]) => readonly string[];
}

/**
 * `/?profile=NAME`: the script of a profile, whichever machine asks. coreos-ipxe-server looked neither for images nor for
 * machines: for its profiles the bytes depend on the profile alone. Throws `not-found`.
 */
export async function namedScript(name: Name, origin: Origin, room: NamedScriptRoom): Promise<ScriptAnswer> {
  const { snapshot, images, syslog, missingLines, arch } = room;
  const match = profileMatch(name, snapshot);
  const { profile } = match;
  const decision = namedDecision(match);
  const again = `${origin}/?profile=${nameInUrl(name)}`;
  if (profile.secrets) {
    const because = `asked for ${profile.file} by name, which keeps secrets: which machine asks is not known`;
    const lines = unnamedSecretsLines(profile.file);
    return { script: notice(lines, again), decision: { ...decision, outcome: 'waiting', because } };
  }
  if (profile.system === 'coreos') {
    const sshKey = profile.sshkey === undefined ? undefined : snapshot.keys.get(profile.sshkey)?.text;
    if (profile.sshkey !== undefined && profile.sshkey !== '' && sshKey === undefined) throw missingKey(match);
    return { script: legacyScript({ profile, origin, sshKey }), decision };
  }
  if (profile.install !== undefined && profile.boot !== 'local') {
    const because = `asked for ${profile.file} by name, which installs: which machine asks is not known`;
    const lines = unnamedInstallLines(profile.file);
    return { script: notice(lines, again), decision: { ...decision, outcome: 'waiting', because } };
  }
  const build = buildOf(profile, arch);
  if (build === undefined) {
    const because = `${decision.because}: ${noProcessor(profile, {})}`;
    return { script: askProcessor(again), decision: { ...decision, outcome: 'waiting', because } };
  }
  const plan = machinePlan(match, {
    facts: omitUndefined({ arch }),
    origin,
    around: snapshot,
    build,
    logTo: logTarget(syslog, origin),
  });
  const missing = await missingFiles(plan, images);
  if (missing.length > 0) {
    const lines = missingLines(match, missing);
    const because = `${decision.because}, and images/${missing[0] ?? ''} is not there`;
    return { script: notice(lines, again), decision: { ...decision, outcome: 'waiting', because } };
  }
  return { script: bootScript({ plan, origin, lines: [`Profile ${name}`], again }), decision };
}

/** Which machine asks is not known: no mark is asked, and none is made. */
export function namedDecision({ profile }: Match): Decision {
  return {
    outcome: profile.install === undefined ? 'boot' : 'install',
    profile: profile.name,
    version: profile.version === '' ? undefined : profile.version,
    because: `asked for ${profile.file} by name`,
  };
}
