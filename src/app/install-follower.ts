import type { BootingMachine } from '../boot/desk.ts';
import { installIdentity } from '../boot/install-identity.ts';
import { bootFiles, machinePlan } from '../boot/machine-plan.ts';
import type { Catalog, Match, Snapshot } from '../catalog/snapshot.ts';
import type { Decision } from '../domain/decision.ts';
import { Failure, failureLine } from '../domain/failure.ts';
import type { MachineFacts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { originFromHost, type Origin } from '../domain/origin.ts';
import type { Plan } from '../domain/plan.ts';
import type { AnswerEvent } from '../doors/http/answer-event.ts';
import type { InstallMarks } from '../machines/install-marks.ts';
import { ExpectedFiles } from './expected-files.ts';

export interface InstallFollowerOptions {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly marks: InstallMarks;
  readonly log: Log;
}

/** Sees by what the doors sent how far installations are, and marks it. Cheap for everything else. */
export interface InstallFollower {
  /** For every answer of the HTTP door. */
  answered(event: AnswerEvent): void;
  /** A file over TFTP sends a machine to a boot (`boots` of the desk's answer). */
  sent(boots: BootingMachine, from: string | undefined): void;
  /** Resolves when everything seen so far is marked, and on the disk or known not to get there for now. */
  settled(): Promise<void>;
}

/** Stands for our own address where a plan is only looked at. */
const HERE: Origin = originFromHost('pilotlight.invalid') ?? unreachable();
const SCRIPTS: ReadonlySet<string> = new Set(['script', 'root', 'grub', 'pixiecore']);

export function createInstallFollower({ catalog, marks, log }: InstallFollowerOptions): InstallFollower {
  const expected = new ExpectedFiles();
  let work: Promise<unknown> = Promise.resolve();

  function mark(done: Promise<void>): void {
    const heard = done.catch((error: unknown) => {
      log.error(
        error instanceof Failure ? { problem: failureLine(error) } : { err: error },
        'how far an installation is could not be marked',
      );
    });
    work = Promise.all([work, heard]);
  }

  /** An installer's script, GRUB configuration or the like went out. */
  function offered(facts: MachineFacts, decision: Decision | undefined, from: string | undefined): void {
    const snapshot = catalog.current();
    const match = decidedMatch(facts, decision, snapshot);
    const who = match === undefined ? undefined : installIdentity(match, facts);
    if (match?.profile.install === undefined || match.profile.boot === 'local' || who === undefined) return;
    const { name: profile, install } = match.profile;
    const plan = machinePlan(match, facts, HERE, snapshot);
    const last = bootFiles(plan).at(-1);
    if (last !== undefined) expected.expect(from ?? '', last, who);
    mark(marks.offered(who, { profile, disk: install.disk, blind: last === undefined && !comesBack(plan) }));
  }

  /** The last thing that the boot loader fetches is there: from here on the installer may touch the disk. */
  function fileSent(path: string, from: string | undefined): void {
    const who = expected.arrived(from ?? '', path);
    if (who !== undefined) mark(marks.begun(who));
  }

  function documentSent(facts: MachineFacts): void {
    const match = catalog.current().match(facts) ?? { by: 'choice' as const };
    const who = installIdentity(match, facts);
    if (who !== undefined) mark(marks.begun(who));
  }

  return {
    answered({ kind, method, status, facts, decision, from, path, complete }) {
      if (method !== 'GET') return;
      if (SCRIPTS.has(kind)) {
        // pixiecore's JSON carries no decision.
        const installs = decision?.outcome === 'install' || (kind === 'pixiecore' && status === 200);
        if (installs && facts !== undefined) offered(facts, decision, from);
      } else if (kind === 'image') {
        if (status === 200 && complete) fileSent(decodePath(path), from);
      } else if ((kind === 'document' || kind === 'nocloud') && (status === 200 || status === 304)) {
        if (facts !== undefined) documentSent(facts);
      }
    },
    sent({ facts, decision }, from) {
      if (decision.outcome === 'install') offered(facts, decision, from);
    },
    async settled() {
      await work;
    },
  };
}

/** The match that the desk decided by: a chosen profile is known by the decision alone. */
function decidedMatch(facts: MachineFacts, decision: Decision | undefined, snapshot: Snapshot): Match | undefined {
  const match = snapshot.match(facts);
  if (match !== undefined) return match;
  const profile = decision?.profile === undefined ? undefined : snapshot.profiles.get(decision.profile);
  return profile === undefined ? undefined : { profile, by: 'choice' };
}

/** Whether a machine that boots the plan asks us for something: then it can be seen. */
function comesBack(plan: Plan): boolean {
  return plan.args.some((arg) => arg.includes(HERE));
}

/** Below images/. What is not well encoded was no file. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path.replace(/^\/images\//, ''));
  } catch {
    return path;
  }
}

function unreachable(): never {
  throw new TypeError('pilotlight.invalid is a host');
}
