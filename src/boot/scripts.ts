import { type Catalog, findDocument, type Match, type Snapshot } from '../catalog/snapshot.ts';
import type { ImageStore } from '../images/store.ts';
import { bootScript, legacyScript } from '../ipxe/boot-script.ts';
import { failureLines, missingImageLines, unnamedInstallLines } from '../ipxe/notices.ts';
import { grubScript } from '../ipxe/other-loaders.ts';
import { Failure, failureLine, problemFailure } from '../model/failure.ts';
import type { MachineArch, MachineFacts } from '../model/machine.ts';
import { type Name, nameInUrl } from '../model/name.ts';
import type { Decision, Origin, Plan } from '../model/plan.ts';
import { type Arch, DOCUMENT_KINDS, type DocumentKind } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { Question, ScriptAnswer } from './boot-service.ts';
import { createDecide, type MatchedMachine, type DecideOptions, WAIT } from './decide.ts';
import { deliver, type DeliveryRoom } from './deliver.ts';
import { matchedDecision, installStateLines } from './install-state-words.ts';
import { documentLinks, machinePlan, missingFiles, shelfPaths } from './machine-plan.ts';
import { askedFacts, decisionOf, whoIs } from './reasons.ts';
import { againOf, explained, local, nobody, notice, ownDisk, titleLines, waiting } from './script-notices.ts';

/**
 * Which machines can run which kernels. A BIOS iPXE says i386 on any processor (only our own start script asks the CPU),
 * so i386 does not contradict amd64.
 */
const RUNS: Readonly<Record<Arch, readonly MachineArch[]>> = { amd64: ['x86_64', 'i386'], arm64: ['arm64'] };

/**
 * `this machine is arm64, profiles/u.json boots amd64`; undefined when they fit, or when either side does not say. The
 * kernel of a `custom` profile may be for any processor as long as the profile does not name its `arch`.
 */
export function wrongArch({ profile }: Match, { arch }: MachineFacts): string | undefined {
  const said = profile.system !== 'custom' || profile.raw['arch'] !== undefined;
  if (!said || arch === undefined || RUNS[profile.arch].includes(arch)) return undefined;
  return `this machine is ${arch}, ${profile.file} boots ${profile.arch}`;
}

/** For the machine's screen. */
function wrongArchLines(wrong: string): readonly string[] {
  return [wrong, 'Such a kernel cannot run here. Name the machine in a profile with the right "arch".'];
}

/** For what has no screen of ours: pixiecore's API, GRUB. */
function wrongArchFailure(wrong: string): Failure {
  return new Failure('unavailable', wrong, { remedy: 'name the machine in a profile with the right "arch"' });
}

export interface ScriptServiceOptions extends DecideOptions, Omit<DeliveryRoom, 'snapshot'> {
  readonly catalog: Catalog;
  readonly shelf: Pick<ImageStore, 'has'>;
  /** What is being done about the images that a profile lacks: lines for the machine's screen. */
  readonly downloadProgress?: (profile: string) => readonly string[];
}

/** What a machine boots that cannot be told anything on its screen. */
export interface Bootable {
  readonly plan: Plan;
  readonly match: Match;
  readonly decision: Decision;
}

export type ScriptService = ReturnType<typeof createScriptService>;

/** Boot scripts, for machines and for profiles. */
export function createScriptService(options: ScriptServiceOptions) {
  const { catalog, shelf, downloadProgress = nothing, unknown = WAIT } = options;
  const decisions = createDecide(options);

  async function script(question: Question): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const { facts, origin } = question;
    const matched = decisions.find(question, snapshot);
    if (matched === undefined) return nobody(question, snapshot, unknown);
    if (matched.installState.kind !== 'install') decisions.saw(question, snapshot);
    if (matched.installState.kind === 'local') return local(matched, facts);
    const rests = installStateLines(matched, facts);
    if (rests !== undefined) return waiting(matched, question, rests);
    const wrong = wrongArch(matched.match, facts);
    if (wrong !== undefined) return waiting(matched, question, wrongArchLines(wrong), wrong);
    let plan: Plan;
    try {
      plan = machinePlan(matched.match, facts, origin, snapshot);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return waiting(matched, question, failureLines(error));
    }
    const missing = await missingFiles(plan, shelf);
    if (missing.length > 0) return waiting(matched, question, missingLines(matched.match, missing));
    const fault = documentFault(matched.match, facts, origin, plan, snapshot, options);
    if (fault !== undefined) return waiting(matched, question, failureLines(fault), failureLine(fault));
    const claimed = await decisions.claim(matched, question, plan);
    if (claimed.installState.kind === 'local') return local(claimed, facts);
    const held = installStateLines(claimed, facts);
    if (held !== undefined) return waiting(claimed, question, held);
    const lines = titleLines(claimed, facts);
    return {
      script: bootScript({ plan, origin, lines, again: againOf(claimed, question) }),
      fetches: shelfPaths(plan),
      decision: matchedDecision(claimed, facts),
    };
  }

  function missingLines({ profile }: Match, missing: readonly string[]): readonly string[] {
    const lines = missingImageLines(profile.file, missing);
    const news = downloadProgress(profile.name);
    // While somebody sees to it, nobody needs the advice at the end.
    return news.length === 0 ? lines : [...lines.slice(0, -1), ...news];
  }

  /** coreos-ipxe-server looked neither for images nor for machines: its bytes depend on the profile alone. */
  async function scriptOf(name: Name, origin: Origin): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const match = profileMatch(name, snapshot);
    const decision = namedDecision(match);
    if (match.profile.system === 'coreos') {
      const key = match.profile.sshkey === undefined ? undefined : snapshot.keys.get(match.profile.sshkey);
      if (match.profile.sshkey !== undefined && match.profile.sshkey !== '' && key === undefined)
        throw missingKey(match);
      const sshKey = key === undefined ? {} : { sshKey: key.text };
      return { script: legacyScript({ profile: match.profile, origin, ...sshKey }), decision };
    }
    const again = `${origin}/?profile=${nameInUrl(name)}`;
    if (match.profile.install !== undefined && match.profile.boot !== 'local') {
      const because = `asked for ${match.profile.file} by name, which installs: which machine asks is not known`;
      const lines = unnamedInstallLines(match.profile.file);
      return { script: notice(lines, again), decision: { ...decision, outcome: 'waiting', because } };
    }
    const plan = machinePlan(match, {}, origin, snapshot);
    const missing = await missingFiles(plan, shelf);
    if (missing.length > 0) {
      const lines = missingLines(match, missing);
      return { script: notice(lines, again), decision: { ...decision, outcome: 'waiting' } };
    }
    const text = bootScript({ plan, origin, lines: [`Profile ${name}`], again });
    return { script: text, fetches: shelfPaths(plan), decision };
  }

  function args(who: MachineFacts | Name, origin: Origin) {
    const snapshot = catalog.current();
    if (typeof who === 'string') {
      const match = profileMatch(who, snapshot);
      return { args: machinePlan(match, {}, origin, snapshot).args, decision: namedDecision(match) };
    }
    const matched = found({ facts: who, origin }, snapshot);
    return { args: machinePlan(matched.match, who, origin, snapshot).args, decision: matchedDecision(matched, who) };
  }

  function found(question: Question, snapshot: Snapshot): MatchedMachine {
    const matched = decisions.find(question, snapshot);
    if (matched !== undefined) return matched;
    const { facts } = question;
    const held = snapshot.held(facts);
    if (held !== undefined) throw problemFailure(held);
    throw new Failure('not-found', `no profile names ${whoIs(facts)}, and none is the default`, {
      remedy: 'add it to the "nodes" of a file in profiles/',
    });
  }

  /** For machines that cannot be told anything on their screen: not found unless there is something to boot. */
  async function bootable(question: Question): Promise<Bootable> {
    const snapshot = catalog.current();
    const { facts, origin } = question;
    const matched = found(question, snapshot);
    if (matched.installState.kind !== 'install') decisions.saw(question, snapshot);
    refuseOthers(matched, facts);
    const wrong = wrongArch(matched.match, facts);
    if (wrong !== undefined) throw wrongArchFailure(wrong);
    const plan = machinePlan(matched.match, facts, origin, snapshot);
    const [missing] = await missingFiles(plan, shelf);
    if (missing !== undefined) throw new Failure('unavailable', `images/${missing} is not there yet`);
    const fault = documentFault(matched.match, facts, origin, plan, snapshot, options);
    if (fault !== undefined) throw fault;
    const claimed = await decisions.claim(matched, question, plan);
    refuseOthers(claimed, facts);
    return { plan, match: claimed.match, decision: matchedDecision(claimed, facts) };
  }

  async function grub(question: Question): Promise<ScriptAnswer> {
    const { plan, match, decision } = await bootable(question);
    const title = `${SYSTEMS[match.profile.system].title} (${match.profile.name})`;
    return { script: grubScript(plan, question.origin, title), fetches: shelfPaths(plan), decision };
  }

  /** For DHCP, which knows a machine by its MAC and UUID. */
  function netboot(facts: MachineFacts): 'boot' | 'local' {
    return decisions.find({ facts }, catalog.current())?.installState.kind === 'local' ? 'local' : 'boot';
  }

  return { script, explain: explained, scriptOf, args, grub, bootable, netboot, generation };

  function generation(): number {
    return catalog.current().generation + decisions.generation();
  }
}

function nothing(): readonly string[] {
  return [];
}

/** Whoever does not boot from here now. */
function refuseOthers(matched: MatchedMachine, facts: MachineFacts): void {
  if (matched.installState.kind === 'local') throw ownDisk(matched, facts);
  const rests = installStateLines(matched, facts);
  if (rests !== undefined) throw new Failure('unavailable', rests.join(' '));
}

function profileMatch(name: Name, snapshot: Snapshot): Match {
  const profile = snapshot.profiles.get(name);
  if (profile !== undefined) return { profile, by: 'default' };
  const file = `profiles/${name}.json`;
  const problem = snapshot.problems.find(({ severity, place }) => severity === 'error' && place.file === file);
  if (problem !== undefined) throw problemFailure(problem);
  throw new Failure('not-found', `there is no profile "${name}"`, { remedy: `create ${file}` });
}

/** Nobody knows which machine asks: no mark is asked, and none is made. */
function namedDecision(match: Match): Decision {
  const outcome = match.profile.install === undefined ? 'boot' : 'install';
  return { ...decisionOf(match, {}, outcome), because: `asked for ${match.profile.file} by name` };
}

function missingKey({ profile }: Match): Failure {
  const name = profile.sshkey ?? '';
  return new Failure('not-found', `there is no key "${name}"`, {
    place: { file: profile.file, key: 'sshkey' },
    remedy: `create sshkeys/${name}.pub`,
  });
}

/**
 * Why a document that the machine is about to fetch cannot be made for it: then it had better wait at its boot loader,
 * where it can be told so, than boot without a configuration. Asks as the machine will, by what its links say of it.
 * What may be there in a moment (a host key, a discovery URL) is no reason to wait here: installers ask again.
 */
function documentFault(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  plan: Pick<Plan, 'args'>,
  snapshot: Pick<Snapshot, 'documents' | 'keys'>,
  room: Omit<DeliveryRoom, 'snapshot'>,
): Failure | undefined {
  const asked = askedFacts(facts, match);
  for (const kind of kindsRead(match, facts, origin, plan, snapshot)) {
    const document = findDocument(snapshot.documents, kind, match.profile[kind] ?? '');
    if (document?.template !== true) continue;
    try {
      deliver(document, kind, { match, facts: asked, origin }, { ...room, snapshot });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'broken') return error;
    }
  }
  return undefined;
}

/** What the kernel line points to, and what an installer hands to the disk. */
function kindsRead(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  { args }: Pick<Plan, 'args'>,
  { documents }: Pick<Snapshot, 'documents'>,
): readonly DocumentKind[] {
  const links = documentLinks(match, facts, origin, documents);
  return DOCUMENT_KINDS.filter((kind) => {
    const link = links[kind];
    if (link === undefined) return false;
    const handed = match.profile.install !== undefined && (kind === 'ignition' || kind === 'cloud_config');
    return handed || args.some((arg) => arg.includes(link));
  });
}
