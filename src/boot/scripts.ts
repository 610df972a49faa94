import { type Catalog, findDocument, type Match, type Snapshot } from '../catalog/snapshot.ts';
import type { ImageStore } from '../images/store.ts';
import { bootScript } from '../ipxe/boot-script.ts';
import { grubBoot, grubLocal, grubNotice, grubScript } from '../ipxe/grub-script.ts';
import { failureLines, missingImageLines } from '../ipxe/notices.ts';
import { asFailure, Failure, failureLine } from '../model/failure.ts';
import { type MachineArch, type MachineFacts, macHyphens, omitUndefined } from '../model/machine.ts';
import { type Decision, logTarget, type Origin, type Plan, type Question } from '../model/plan.ts';
import type { Name } from '../model/profile.ts';
import type { RolloutWatch } from '../model/rollout.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { ScriptAnswer } from './boot-service.ts';
import { createDecide, type DecideOptions, type MachineDecision, type Obstacle, TOOLS, WAIT } from './decide.ts';
import { deliver, type DeliveryRoom } from './deliver.ts';
import {
  againOf,
  askedFacts,
  bootFiles,
  createImageCheck,
  identityQuery,
  kindsRead,
  machinePlan,
  missingFiles,
} from './machine-plan.ts';
import { namedDecision, namedScript } from './named-script.ts';
import { decided, installStateLines, titleLines } from './reasons.ts';
import { obstacleFailure, profileMatch, STRANGER, unclaimed, withoutToken } from './refusals.ts';
import {
  askedForProcessor,
  local,
  menuKeyOf,
  ownDisk,
  toolsMenu,
  turnedAway,
  unknownMachine,
  waiting,
} from './screens.ts';

export interface ScriptServiceOptions extends DecideOptions, Omit<DeliveryRoom, 'snapshot'> {
  readonly catalog: Catalog;
  readonly imageStore: Pick<ImageStore, 'has'>;
  /** What is being done about the images that a profile lacks: lines for the machine's screen. */
  readonly downloadProgress?: (profile: string) => readonly string[];
  /** Without it nothing is counted: previews. */
  readonly rollouts?: RolloutWatch | undefined;
  /** Every machine starts with Secure Boot on. */
  readonly secureBoot?: boolean | undefined;
}

/** A boot loader's own words. */
interface LoaderWords {
  readonly boot: (plan: Plan, decision: MachineDecision) => string;
  readonly local: (decision: MachineDecision) => ScriptAnswer;
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
  const { catalog, downloadProgress, access, syslog, unknown = WAIT } = options;
  const decisions = createDecide(options);
  const documents = createDocumentCheck(options);
  const images = createImageCheck(options.imageStore);

  /** `words`: how the boot loader is told to boot, and to leave the machine to its disk. */
  async function answerIn(words: LoaderWords, question: Question, policy = unknown): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const decision = await settled(question, snapshot);
    if (decision === undefined) return unknownMachine(question, snapshot, policy);
    if (decision.obstacle?.kind === 'stranger') return obstructed(decision, decision.obstacle);
    if (decision.installState.kind === 'local') return words.local(decision);
    const held = installStateLines(decision);
    if (held !== undefined) return waiting(decision, held);
    const { plan, obstacle } = decision;
    if (plan === undefined || obstacle !== undefined) return obstructed(decision, obstacle);
    return {
      script: words.boot(plan, decision),
      decision: decided(decision),
      ...(decision.tokens === undefined ? {} : { only: question.asker ?? '' }),
    };
  }

  async function script(question: Question): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const found = (): Match | undefined => decisions.find(question, snapshot)?.match;
    const menu = question.choice === TOOLS ? toolsMenu(question, found, snapshot, unknown) : undefined;
    if (menu !== undefined) return menu;
    return await answerIn({ boot: ipxeBoot, local: (decision) => local(decision, menuKeyFor(decision)) }, question);
  }

  function ipxeBoot(plan: Plan, decision: MachineDecision): string {
    const { question, match } = decision;
    const { origin, facts } = question;
    // The kernel's signature is the distribution's, which its own shim knows.
    const shim = facts.platform === 'efi' && startsSecurely(match) ? shimUrl(origin, facts) : undefined;
    const own = match.node?.vlan ?? match.profile.vlan;
    const vlan = own === undefined || facts.mac === undefined ? undefined : { tag: own, mac: macHyphens(facts.mac) };
    const look = { lines: titleLines(decision), again: againOf(question, match), menuKey: menuKeyFor(decision), vlan };
    return bootScript({ plan, origin, shim, ...look });
  }

  const menuKeyFor = (to: MachineDecision) =>
    unknown.keySeconds === undefined ? undefined : menuKeyOf(to, catalog.current(), unknown.keySeconds);

  /** Undefined: the answer shall be that there is no such file. */
  async function grubConfig(question: Question, fromRoot: boolean): Promise<ScriptAnswer | undefined> {
    const answer = await answerIn(
      {
        boot: (plan, decision) => grubBoot({ plan, origin: question.origin, lines: titleLines(decision), fromRoot }),
        local: (decision) => ({
          script: grubLocal(decision.match.profile.local_boot, titleLines(decision)) ?? '',
          decision: decided(decision),
        }),
      },
      question,
      WAIT,
    );
    if (answer.script === '') return undefined;
    return answer.screen === undefined ? answer : { ...answer, script: grubNotice(answer.screen) };
  }

  /**
   * The decision, as far as files and the disk have their say: an installer is claimed by now. Undefined: no profile is for
   * the machine.
   */
  async function settled(
    question: Question,
    snapshot: Snapshot,
    plain?: 'plain',
  ): Promise<MachineDecision | undefined> {
    const decision = decisions.decide(question, snapshot, plain !== undefined);
    if (decision === undefined) return undefined;
    const message = await access?.stranger(decision.match, question);
    if (message !== undefined) return { ...decision, obstacle: { kind: 'stranger', message } };
    const rolled = decision.match.rollout !== undefined;
    if (rolled && (await asksInRollout(decision, options.rollouts)))
      return await settled(question, catalog.current(), plain);
    if (decision.installState.kind !== 'install') decisions.saw(decision, snapshot);
    const { plan } = decision;
    if (plan === undefined) return decision;
    const missing = await missingFiles(plan, images);
    if (missing.length > 0) return { ...decision, obstacle: { kind: 'images', missing } };
    const failure = documents.fault(decision, plan, snapshot);
    if (failure !== undefined) return { ...decision, obstacle: { kind: 'document', failure } };
    const claimed = await decisions.claim(decision);
    if (claimed === undefined) return await settled(question, snapshot, plain);
    if (!rolled) return claimed;
    return (await leavesInRollout(claimed, options.rollouts)) ?? (await settled(question, catalog.current(), plain));
  }

  function obstructed(decision: MachineDecision, obstacle: Obstacle | undefined): ScriptAnswer {
    switch (obstacle?.kind) {
      case undefined:
        throw new TypeError('a machine that may boot has neither a plan nor an obstacle');
      case 'stranger':
        return turnedAway(waiting(decision, [obstacle.message, STRANGER], obstacle.message), decision.question);
      case 'arch':
        return waiting(decision, [obstacle.message, WRONG_ARCH], obstacle.message);
      case 'processor':
        return askedForProcessor(decision, obstacle.message);
      case 'plan':
        return waiting(decision, failureLines(obstacle.failure));
      case 'document':
        return waiting(decision, failureLines(obstacle.failure), failureLine(obstacle.failure));
      case 'images':
        return waiting(decision, missingLines(decision.match, obstacle.missing));
    }
  }

  function missingLines({ profile }: Match, missing: readonly string[]): readonly string[] {
    const lines = missingImageLines(profile.file, missing);
    const news = downloadProgress?.(profile.name) ?? [];
    // While they are being fetched the advice at the end is not needed.
    return news.length === 0 ? lines : [...lines.slice(0, -1), ...news];
  }

  /**
   * For machines that cannot be told anything on their screen: not found unless there is something to boot. `plain`: by a
   * way that has no place for a token.
   */
  async function bootable(question: Question, plain?: 'plain'): Promise<Bootable> {
    const snapshot = catalog.current();
    const keeper = plain === undefined ? undefined : decisions.find(question, snapshot)?.match;
    if (keeper?.profile.secrets === true) throw withoutToken(keeper);
    const decision = await settled(question, snapshot, plain);
    if (decision === undefined) throw unclaimed(question.facts, snapshot);
    if (decision.obstacle?.kind === 'stranger') throw obstacleFailure(decision.obstacle);
    if (decision.installState.kind === 'local') throw ownDisk(decision);
    const held = installStateLines(decision);
    if (held !== undefined) throw new Failure('unavailable', held.join(' '));
    const { plan, match, obstacle } = decision;
    if (plan === undefined || obstacle !== undefined) throw obstacleFailure(obstacle);
    return { plan, match, decision: decided(decision) };
  }

  async function grub(question: Question): Promise<ScriptAnswer> {
    const { plan, match, decision } = await bootable(question);
    const title = `${SYSTEMS[match.profile.system].title} (${match.profile.name})`;
    return { script: grubScript(plan, question.origin, title), decision };
  }

  function args(who: MachineFacts | Name, origin: Origin, arch?: MachineArch) {
    const snapshot = catalog.current();
    const logTo = logTarget(syslog, origin);
    if (typeof who === 'string') {
      const match = profileMatch(who, snapshot);
      return {
        args: machinePlan(match, { facts: omitUndefined({ arch }), origin, around: snapshot, logTo }).args,
        decision: namedDecision(match),
      };
    }
    const question = { facts: who, origin };
    const found = decisions.find(question, snapshot);
    if (found === undefined) throw unclaimed(who, snapshot);
    return {
      args: machinePlan(found.match, {
        ...question,
        around: snapshot,
        build: found.build,
        logTo,
        everyVlan: options.vlan,
        noRouter: options.noRouter,
      }).args,
      decision: decided({ ...found, question }),
    };
  }

  /** For DHCP, which knows a machine by its MAC and UUID. */
  function netboot(facts: MachineFacts): 'boot' | 'local' {
    return decisions.find({ facts }, catalog.current())?.installState.kind === 'local' ? 'local' : 'boot';
  }

  let any: { readonly of: Snapshot; readonly signed: boolean } | undefined;
  function secureBoot(facts?: MachineFacts): boolean {
    const snapshot = catalog.current();
    if (facts !== undefined || options.secureBoot === true) {
      return startsSecurely(facts && decisions.find({ facts }, snapshot)?.match);
    }
    if (any?.of !== snapshot) {
      const profiles = [...snapshot.profiles.values()];
      const signed = profiles.some((one) => one.secure_boot || one.nodes.some((node) => node.secure_boot === true));
      any = { of: snapshot, signed };
    }
    return any.signed;
  }

  function startsSecurely(match: Match | undefined): boolean {
    return options.secureBoot === true || (match?.node?.secure_boot ?? match?.profile.secure_boot ?? false);
  }

  function generation(): number {
    return catalog.current().generation;
  }

  const scriptOf = async (name: Name, origin: Origin, arch?: MachineArch): Promise<ScriptAnswer> =>
    await namedScript(name, origin, { snapshot: catalog.current(), images, syslog, missingLines, arch });

  return { script, scriptOf, args, grub, grubConfig, bootable, netboot, secureBoot, generation };
}

/** The shim of the distribution whose kernels are booted: see docs/network.md. */
function shimUrl(origin: Origin, { arch }: MachineFacts): string {
  return `${origin}/firmware/${arch === 'arm64' ? 'shimaa64.efi' : 'shimx64.efi'}`;
}

const WRONG_ARCH = 'Such a kernel cannot run here. Name the machine in a profile with the right "arch".';

/** Machines of one snapshot whose documents are remembered as good. */
const MOST_CHECKED = 10_000;

/**
 * Whether the templates that a machine is about to fetch can be made for it: else it had better wait at its boot loader,
 * where it can be told so, than boot without a configuration. What was good stays so for a snapshot, and is not rendered
 * again when the machine asks again.
 */
function createDocumentCheck(room: Omit<DeliveryRoom, 'snapshot'>) {
  let good = new Set<string>();
  let of: Snapshot | undefined;

  /** What may be there in a moment (a host key, a discovery URL) is no reason to wait here: installers ask again. */
  function fault(decision: MachineDecision, plan: Plan, snapshot: Snapshot): Failure | undefined {
    const { match, question } = decision;
    if (of !== snapshot || good.size >= MOST_CHECKED) good = new Set();
    of = snapshot;
    // Asks as the machine will: by what its links say of it.
    const reader = { match, facts: askedFacts(question.facts, match), origin: question.origin };
    const who = `${match.profile.name} ${question.origin} ${identityQuery(question.facts, match)}`;
    for (const kind of kindsRead(decision, plan, snapshot)) {
      const document = findDocument(snapshot.documents, kind, match.profile[kind] ?? '');
      if (document?.template !== true || good.has(`${kind} ${who}`)) continue;
      try {
        deliver(document, kind, reader, { ...room, snapshot });
        good.add(`${kind} ${who}`);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.code === 'broken') return error;
      }
    }
    return undefined;
  }

  return { fault };
}

// Asked only of machines whose profile has an open rollout; a HEAD, which says no address, gets no body and counts as nothing.

/** It asks what to boot. True when that changed the rollout: it must be decided anew. */
async function asksInRollout(
  { match, question }: MachineDecision,
  rollouts: RolloutWatch | undefined,
): Promise<boolean> {
  if (match.rollout === undefined || question.asker === undefined || rollouts === undefined) return false;
  return await rollouts.asks(match.profile.name, match.rollout.machine, question.asker);
}

/** What a rollout gives leaves when it is written down. Undefined: the rollout says otherwise by now. */
async function leavesInRollout(
  decision: MachineDecision,
  rollouts: RolloutWatch | undefined,
): Promise<MachineDecision | undefined> {
  const { match, installState, plan, obstacle, question } = decision;
  const { profile, rollout } = match;
  const isLeaving = installState.kind === 'boot' || installState.kind === 'install';
  if (rollout?.gets !== 'new' || !isLeaving || plan === undefined || obstacle !== undefined) return decision;
  if (rollouts === undefined || question.asker === undefined) return decision;
  const left = { address: question.asker, file: bootFiles(plan).at(-1) };
  const isLeft = await rollouts.leaves(profile.name, rollout.machine, left).catch(asFailure);
  if (isLeft instanceof Failure) return { ...decision, obstacle: { kind: 'plan', failure: isLeft } };
  return isLeft ? decision : undefined;
}
