import type { Snapshot } from '../catalog/snapshot.ts';
import { placeText, type FileDiagnostic } from '../model/failure.ts';

/** `/healthz`: what is wrong with the operator's files, for monitors. */
export interface Health {
  /**
   * Degraded: a file on disk is broken and an older version of it, or none, is in force; or state/ cannot be kept, and
   * no machine is installed. Machines still boot.
   */
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  readonly uptime_seconds: number;
  /** Another one for each start: by it commands on this host know whose answer they hear. */
  readonly instance?: string;
  readonly generation: number;
  readonly profiles: number;
  readonly problems: readonly HealthProblem[];
}

interface HealthProblem {
  readonly severity: 'error' | 'warning';
  readonly place: string;
  readonly message: string;
  readonly remedy?: string;
}

/** `more`: what is wrong beside the operator's files. */
export function healthOf(
  snapshot: Snapshot,
  version: string,
  uptimeSeconds: number,
  instance?: string,
  more: readonly FileDiagnostic[] = [],
): Health {
  const problems = [...more, ...snapshot.problems];
  return {
    status: problems.some((problem) => problem.severity === 'error') ? 'degraded' : 'ok',
    version,
    uptime_seconds: uptimeSeconds,
    instance,
    generation: snapshot.generation,
    profiles: snapshot.profiles.size,
    problems: problems.map(({ severity, place, message, remedy }) => ({
      severity,
      place: placeText(place),
      message,
      remedy,
    })),
  };
}

/** For monitors a warning: machines boot all the same. */
export function journalProblems(off: string | undefined): readonly FileDiagnostic[] {
  return off === undefined ? [] : [{ severity: 'warning', place: { file: 'state/pilotlight.db' }, message: off }];
}
