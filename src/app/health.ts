import type { Snapshot } from '../catalog/snapshot.ts';
import { placeText } from '../domain/failure.ts';

/** `/healthz`: what is wrong with the operator's files, for monitors. */
export interface Health {
  /** Degraded: a file on disk is broken and an older version of it, or none, is in force. Machines still boot. */
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

export function healthOf(snapshot: Snapshot, version: string, uptimeSeconds: number, instance?: string): Health {
  return {
    status: snapshot.problems.some((problem) => problem.severity === 'error') ? 'degraded' : 'ok',
    version,
    uptime_seconds: uptimeSeconds,
    ...(instance === undefined ? {} : { instance }),
    generation: snapshot.generation,
    profiles: snapshot.profiles.size,
    problems: snapshot.problems.map(({ severity, place, message, remedy }) => ({
      severity,
      place: placeText(place),
      message,
      ...(remedy === undefined ? {} : { remedy }),
    })),
  };
}
