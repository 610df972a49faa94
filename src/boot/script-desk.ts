import type { Decision } from '../domain/decision.ts';
import { Failure, failureLine } from '../domain/failure.ts';
import type { MachineFacts } from '../domain/facts.ts';
import type { Name } from '../domain/name.ts';
import type { Origin } from '../domain/origin.ts';
import type { Plan } from '../domain/plan.ts';
import { problemFailure } from '../domain/problem.ts';
import type { Catalog, Match, Snapshot } from '../catalog/snapshot.ts';
import type { Shelf } from '../images/shelf.ts';
import { againUrl } from '../render/again-url.ts';
import { bootScript } from '../render/boot-script.ts';
import { grubScript } from '../render/grub-script.ts';
import { legacyScript } from '../render/legacy-script.ts';
import { localBootScript } from '../render/local-boot.ts';
import { failureLines, missingImageLines, unknownMachineLines } from '../render/notices.ts';
import { noticeScript } from '../render/notice-script.ts';
import { systemOf } from '../systems/systems.ts';
import type { Question, ScriptAnswer } from './desk.ts';
import { machinePlan, missingFiles } from './machine-plan.ts';
import { because, decisionOf, whoIs } from './reasons.ts';

/** A machine that waits asks again after this long; an operator who adopts it sees it boot within ten seconds. */
const PAUSE_SECONDS = 5;

export interface ScriptDeskOptions {
  readonly catalog: Catalog;
  readonly shelf: Pick<Shelf, 'has'>;
  /** What is being done about the images that a profile lacks: lines for the machine's screen. */
  readonly arriving?: (profile: string) => Promise<readonly string[]>;
}

export type ScriptDesk = ReturnType<typeof createScriptDesk>;

/** Boot scripts, for machines and for profiles. */
export function createScriptDesk({ catalog, shelf, arriving = nothing }: ScriptDeskOptions) {
  async function script(question: Question): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const { facts, origin } = question;
    const match = snapshot.match(facts);
    if (match === undefined) return nobody(question, snapshot);
    if (match.profile.boot === 'local') return local(match, facts);
    let plan: Plan;
    try {
      plan = machinePlan(match, facts, origin, snapshot);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return waiting(match, question, failureLines(error));
    }
    const missing = await missingFiles(plan, shelf);
    if (missing.length > 0) return waiting(match, question, await missingLines(match, missing));
    const lines = titleLines(match, facts);
    return {
      script: bootScript({ plan, origin, lines, again: againUrl(origin, facts) }),
      decision: decisionOf(match, facts, 'boot'),
    };
  }

  /** Nobody knows the machine, or the one file that does is broken: it is told either, on its own screen. */
  function nobody({ facts, origin }: Question, snapshot: Snapshot): ScriptAnswer {
    const held = snapshot.held(facts);
    const lines = held === undefined ? unknownMachineLines(facts) : failureLines(problemFailure(held));
    const text = noticeScript({ lines, again: againUrl(origin, facts), pauseSeconds: PAUSE_SECONDS });
    if (held !== undefined) {
      return {
        script: text,
        decision: { outcome: 'waiting', because: `${held.place.file} names ${whoIs(facts)} and is broken` },
      };
    }
    return {
      script: text,
      decision: { outcome: 'unknown', because: `no profile names ${whoIs(facts)}, and none is the default` },
    };
  }

  function waiting(match: Match, { facts, origin }: Question, why: readonly string[]): ScriptAnswer {
    return {
      script: noticeScript({
        lines: [...titleLines(match, facts), ...why],
        again: againUrl(origin, facts),
        pauseSeconds: PAUSE_SECONDS,
      }),
      decision: decisionOf(match, facts, 'waiting'),
    };
  }

  async function missingLines({ profile }: Match, missing: readonly string[]): Promise<readonly string[]> {
    const lines = missingImageLines(profile.file, missing);
    const news = await arriving(profile.name);
    // While somebody sees to it, nobody needs the advice at the end.
    return news.length === 0 ? lines : [...lines.slice(0, -1), ...news];
  }

  function explain(failure: Failure, origin: Origin): string {
    const lines = ['The server cannot read what this machine says of itself:', failureLine(failure)];
    return noticeScript({ lines, again: `${origin}/boot.ipxe`, pauseSeconds: PAUSE_SECONDS });
  }

  /** coreos-ipxe-server looked neither for images nor for machines: its bytes depend on the profile alone. */
  async function scriptOf(name: Name, origin: Origin): Promise<ScriptAnswer> {
    const snapshot = catalog.current();
    const match = profileMatch(name, snapshot);
    const decision: Decision = { ...decisionOf(match, {}, 'boot'), because: `asked for ${match.profile.file} by name` };
    if (match.profile.system === 'coreos') {
      const key = match.profile.sshkey === undefined ? undefined : snapshot.keys.get(match.profile.sshkey);
      if (match.profile.sshkey !== undefined && match.profile.sshkey !== '' && key === undefined)
        throw missingKey(match);
      const sshKey = key === undefined ? {} : { sshKey: key.text };
      return { script: legacyScript({ profile: match.profile, origin, ...sshKey }), decision };
    }
    const plan = machinePlan(match, {}, origin, snapshot);
    const again = `${origin}/?profile=${name}`;
    const missing = await missingFiles(plan, shelf);
    if (missing.length > 0) {
      const lines = await missingLines(match, missing);
      return {
        script: noticeScript({ lines, again, pauseSeconds: PAUSE_SECONDS }),
        decision: { ...decision, outcome: 'waiting' },
      };
    }
    return { script: bootScript({ plan, origin, lines: [`Profile ${name}`], again }), decision };
  }

  function args(who: MachineFacts | Name, origin: Origin) {
    const snapshot = catalog.current();
    const named = typeof who === 'string';
    const facts = named ? {} : who;
    const match = named ? profileMatch(who, snapshot) : matchOf(facts, snapshot);
    const decision = decisionOf(match, facts, 'boot');
    return {
      args: machinePlan(match, facts, origin, snapshot).args,
      decision: named ? { ...decision, because: `asked for ${match.profile.file} by name` } : decision,
    };
  }

  /** For machines that cannot be told anything on their screen: not found unless there is something to boot. */
  async function bootablePlan({ facts, origin }: Question): Promise<{ plan: Plan; match: Match }> {
    const snapshot = catalog.current();
    const match = matchOf(facts, snapshot);
    if (match.profile.boot === 'local') {
      throw new Failure('not-found', `${match.profile.file} sends ${whoIs(facts)} to its own disk`);
    }
    const plan = machinePlan(match, facts, origin, snapshot);
    const [missing] = await missingFiles(plan, shelf);
    if (missing !== undefined) throw new Failure('unavailable', `images/${missing} is not there yet`);
    return { plan, match };
  }

  async function grub(question: Question): Promise<ScriptAnswer> {
    const { plan, match } = await bootablePlan(question);
    const title = `${systemOf(match.profile.system).title} (${match.profile.name})`;
    return { script: grubScript(plan, question.origin, title), decision: decisionOf(match, question.facts, 'boot') };
  }

  return { script, explain, scriptOf, args, grub, bootablePlan };
}

function nothing(): Promise<readonly string[]> {
  return Promise.resolve([]);
}

function local(match: Match, facts: MachineFacts): ScriptAnswer {
  const script = localBootScript(match.profile.local_boot, facts.platform);
  // A deliberate 404: some firmware goes on to its disk only when the boot file is not there.
  if (script === undefined) throw new Failure('not-found', `${match.profile.file}: this machine boots its own disk`);
  return { script, decision: decisionOf(match, facts, 'local') };
}

function titleLines(match: Match, facts: MachineFacts): string[] {
  const { profile } = match;
  const what = [systemOf(profile.system).title, profile.version].filter((part) => part !== '').join(' ');
  return [`${match.node?.name ?? whoIs(facts)}: ${what}`, because(match, facts)];
}

function matchOf(facts: MachineFacts, snapshot: Snapshot): Match {
  const match = snapshot.match(facts);
  if (match !== undefined) return match;
  throw new Failure('not-found', `no profile names ${whoIs(facts)}, and none is the default`, {
    remedy: 'add it to the "nodes" of a file in profiles/',
  });
}

function profileMatch(name: Name, snapshot: Snapshot): Match {
  const profile = snapshot.profiles.get(name);
  if (profile !== undefined) return { profile, by: 'default' };
  const file = `profiles/${name}.json`;
  const problem = snapshot.problems.find(({ severity, place }) => severity === 'error' && place.file === file);
  if (problem !== undefined) throw problemFailure(problem);
  throw new Failure('not-found', `there is no profile "${name}"`, { remedy: `create ${file}` });
}

function missingKey({ profile }: Match): Failure {
  const name = profile.sshkey ?? '';
  return new Failure('not-found', `there is no key "${name}"`, {
    place: { file: profile.file, key: 'sshkey' },
    remedy: `create sshkeys/${name}.pub`,
  });
}
