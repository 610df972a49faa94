import type { Access } from '../boot/access.ts';
import { matchFor, type UnknownPolicy } from '../boot/decide.ts';
import { whoIs } from '../boot/reasons.ts';
import type { Catalog } from '../catalog/snapshot.ts';
import type { Reporter, Reports } from '../http/reports.ts';
import type { Journal } from '../journal/journal.ts';
import type { InstallMarks } from '../machines/claims.ts';
import type { InstallMark, InstallTarget } from '../machines/mark.ts';
import type { RolloutService } from '../rollouts/rollouts.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { identityOf, type InstallIdentity } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';

export interface ReportsOptions {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly marks: Pick<InstallMarks, 'installed' | 'of' | 'refused' | 'trouble'>;
  /** Without it every report counts. */
  readonly access?: Pick<Access, 'report'> | undefined;
  readonly journal: Pick<Journal, 'flushed' | 'record' | 'status'>;
  readonly rollouts?: Pick<RolloutService, 'up'> | undefined;
  readonly unknown: Pick<UnknownPolicy, 'show'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Whom a report is about, as far as profiles and marks tell. */
interface Reported {
  readonly who: InstallIdentity | undefined;
  readonly mark: InstallMark | undefined;
  readonly profile: Profile | undefined;
  /** By which a rollout knows it. */
  readonly counted: string | undefined;
  /** The file that names the machine is broken: not the machine's fault, and its report counts. */
  readonly held: FileDiagnostic | undefined;
}

/** Takes what machines report: only from those that a profile is for, or that got an installer from here. */
export function createReports({ catalog, marks, access, journal, rollouts, unknown, now }: ReportsOptions): Reports {
  function reporterOf(machine: Reporter): Reported {
    const snapshot = catalog.current();
    const match = matchFor(machine, snapshot, { show: unknown.show });
    const who = identityOf(machine.facts, match);
    const mark = who === undefined ? undefined : marks.of(who);
    const held = match === undefined ? snapshot.held(machine.facts) : undefined;
    if (match !== undefined || held !== undefined || (mark !== undefined && mark.state !== 'seen')) {
      return { who, mark, profile: match?.profile, counted: match?.rollout?.machine, held };
    }
    throw new Failure('not-found', `no profile names ${whoIs(machine.facts)}, and none is the default`, {
      remedy: 'add it to the "nodes" of a file in profiles/',
    });
  }

  /** Which installation a token is of cannot be told while marks cannot be read or written: the machine asks again. */
  function untold(mark: InstallMark | undefined): Failure | undefined {
    const why = mark?.broken ?? marks.trouble();
    return why === undefined ? undefined : new Failure('unavailable', why, { remedy: 'say it again' });
  }

  async function count(profile: Profile | undefined, machine: string | undefined): Promise<void> {
    if (profile !== undefined && machine !== undefined) await rollouts?.up(profile.name, machine);
  }

  return {
    async up(machine, said) {
      const { who, mark, profile, counted } = reporterOf(machine);
      const why = access?.report({ what: 'up', ...machine, who, mark, profile });
      if (why !== undefined)
        throw untold(mark) ?? refused(`came ${why}`, 'send it to {{report.up_url}} of its own document');
      const { on } = journal.status();
      journal.record({ kind: 'phone-home', at: now(), facts: machine.facts, said });
      const trouble = on ? await written(journal) : marks.trouble();
      if (trouble !== undefined) throw new Failure('unavailable', trouble, { remedy: 'say it again' });
      await count(profile, counted);
    },
    async installed(machine) {
      const { who, mark, profile, counted, held } = reporterOf(machine);
      const target = targetOf(profile, held, mark);
      if (target === undefined) {
        throw new Failure('conflict', `${profile?.file ?? 'its profile'} installs nothing`, {
          remedy: 'add "install": { "disk": ... } to it',
        });
      }
      if (who === undefined) {
        throw new Failure('invalid', 'which machine is installed is not known', {
          remedy: 'name it by its MAC: POST /installed/MAC',
        });
      }
      const why = access?.report({ what: 'installed', ...machine, who, mark, profile });
      if (why !== undefined) {
        const unknown = untold(mark);
        if (unknown !== undefined) throw unknown;
        // It may have been its own, and it must not be installed again then.
        await marks.refused(who, { at: now(), address: machine.asker ?? '' });
        throw refused(`came ${why}`, 'send it to {{report.installed_url}}, or set PILOTLIGHT_REPORTS=open');
      }
      await marks.installed(who, target);
      journal.record({ kind: 'installed', at: now(), facts: machine.facts });
      await count(profile, counted);
    },
  };
}

function refused(why: string, remedy: string): Failure {
  return new Failure('refused', `the report ${why}: it does not count`, { remedy });
}

/** What was installed: what left for the machine counts before what its profile says by now. */
function targetOf(
  profile: Profile | undefined,
  held: FileDiagnostic | undefined,
  mark: InstallMark | undefined,
): InstallTarget | undefined {
  if (mark !== undefined && mark.state !== 'seen' && mark.broken === undefined) return mark;
  if (profile?.install !== undefined) return { profile: profile.name, disk: profile.install.disk };
  if (held === undefined) return undefined;
  return { profile: held.place.file.replace(/^profiles\/|\.json$/g, ''), disk: '' };
}

/** Why what was recorded is not in the journal; undefined when it is. */
async function written(journal: Pick<Journal, 'flushed' | 'status'>): Promise<string | undefined> {
  await journal.flushed();
  const { on, why } = journal.status();
  return on ? undefined : `the journal is off: ${why ?? 'it cannot be written'}`;
}
