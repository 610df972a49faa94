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
  /** Whether libc sends images; why not is in the log, on the Health page and in what the doctor says. */
  readonly native?: boolean;
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

/** `more`: what is wrong beside the operator's files; `images`: what is not there to be booted. */
export function healthOf(
  snapshot: Snapshot,
  version: string,
  uptimeSeconds: number,
  instance?: string,
  more: readonly FileDiagnostic[] = [],
  images: readonly FileDiagnostic[] = [],
): Health {
  const problems = [...more, ...snapshot.problems, ...images];
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

const FRESH_MS = 1000;

/** An answer for all who ask within a second: anyone may ask /healthz, and each image is a question to the disk. */
export function lookedUpOnce<T>(look: () => Promise<T>, now: () => number): () => Promise<T> {
  let known: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return async () => {
    if (known === undefined || now() - known.at >= FRESH_MS) known = { at: now(), answer: look() };
    return await known.answer;
  };
}
