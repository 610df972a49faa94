import { installIdentity } from '../boot/install-identity.ts';
import { whoIs } from '../boot/reasons.ts';
import { createStandingDesk } from '../boot/standing-desk.ts';
import type { UnknownPolicy } from '../boot/match-for.ts';
import type { Catalog, Match } from '../catalog/snapshot.ts';
import { Failure, failureLine } from '../domain/failure.ts';
import type { Recorder } from '../domain/journal-event.ts';
import { problemFailure } from '../domain/problem.ts';
import type { Reports } from '../doors/http/reports.ts';
import type { Who } from '../doors/http/who.ts';
import type { InstallMarks } from '../machines/install-marks.ts';

export interface ReportsOptions {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly marks: InstallMarks;
  readonly recorder: Recorder;
  readonly unknown: UnknownPolicy;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Takes what machines report: only from those that a profile is for. */
export function createReports({ catalog, marks, recorder, unknown, now }: ReportsOptions): Reports {
  const standings = createStandingDesk({ marks, unknown, now });

  function matchOf(who: Who): Match {
    const snapshot = catalog.current();
    const placed = standings.find(who, snapshot);
    if (placed !== undefined) return placed.match;
    const held = snapshot.held(who.facts);
    // Not the machine's fault, and the report counts: it shall come again.
    if (held !== undefined) throw new Failure('unavailable', failureLine(problemFailure(held)));
    throw new Failure('not-found', `no profile names ${whoIs(who.facts)}, and none is the default`, {
      remedy: 'add it to the "nodes" of a file in profiles/',
    });
  }

  return {
    async up(who, said) {
      matchOf(who);
      recorder.record({ kind: 'phone-home', at: now(), facts: who.facts, said });
      return Promise.resolve();
    },
    async installed(who) {
      const match = matchOf(who);
      const { name: profile, file, install } = match.profile;
      if (install === undefined) {
        throw new Failure('conflict', `${file} installs nothing`, { remedy: 'add "install": { "disk": ... } to it' });
      }
      const identity = installIdentity(match, who.facts);
      if (identity === undefined) {
        throw new Failure('invalid', 'nobody can tell which machine is installed', {
          remedy: 'name it by its MAC: POST /installed/MAC',
        });
      }
      await marks.installed(identity, { profile, disk: install.disk });
      recorder.record({ kind: 'installed', at: now(), facts: who.facts });
    },
  };
}
