/**
 * What kind of thing went wrong. Servers translate it to an HTTP status or a TFTP error code, the CLI to an exit code;
 * nothing else knows those numbers.
 */
export type FailureCode =
  | 'not-found' // the thing that was named does not exist
  | 'invalid' // what was given is malformed
  | 'conflict' // two things that exclude each other, or a lock that another process holds
  | 'too-large' // over a stated limit
  | 'refused' // understood and not allowed (verification failed, path leaves the data directory, token wrong)
  | 'unavailable' // cannot be done now, may work later
  | 'broken'; // the operator's own file is at fault

/** Where in the operator's files something is. `file` is relative to the data directory: a host path is never shown. */
export interface Place {
  readonly file: string;
  /** A JSON path such as `nodes[2].mac`. */
  readonly key?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
}

interface FailureDetails {
  readonly place?: Place;
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Something that went wrong and that a person can act on. Anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly place: Place | undefined;
  readonly remedy: string | undefined;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.code = code;
    this.place = details.place;
    this.remedy = details.remedy;
  }
}

/** For catch blocks: the failure. Anything else is a bug and is thrown on. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** What `work` gives; undefined where it fails with one of these codes (none named: with any). A bug is thrown on. */
export async function unlessFailed<T>(work: Promise<T>, ...codes: readonly FailureCode[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code } = asFailure(error);
    if (codes.length > 0 && !codes.includes(code)) throw error;
    return undefined;
  }
}

/** One line for machines and logs: what is wrong, where, what to do. */
export function failureLine(failure: Failure): string {
  const where = failure.place === undefined ? '' : `${placeText(failure.place)}: `;
  const remedy = failure.remedy === undefined ? '' : ` (${failure.remedy})`;
  return `${where}${failure.message}${remedy}`.replaceAll(/[\r\n]+/g, ' ');
}

/** `profiles/a.json:3:5 nodes[0].mac`, as far as it is known. */
export function placeText(place: Place): string {
  const line = place.line === undefined ? '' : `:${String(place.line)}`;
  const column = place.line === undefined || place.column === undefined ? '' : `:${String(place.column)}`;
  const key = place.key === undefined || place.key === '' ? '' : ` ${place.key}`;
  return `${place.file}${line}${column}${key}`;
}

/** Something wrong that a person can act on: what `check`, /healthz and the Health page show. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** Undefined for what is wrong with the server itself. */
  readonly place?: Place;
  readonly remedy?: string;
}

/**
 * In the operator's files. An `error` keeps the file it is in from coming into force (the last good version stays),
 * unless it is only that another file is missing or does not fit machines that no profile lists; a `warning` does not.
 */
export interface FileDiagnostic extends Diagnostic {
  readonly place: Place;
}

export function isError({ severity }: Pick<Diagnostic, 'severity'>): boolean {
  return severity === 'error';
}

/** One line: `profiles/a.json:3:5 cloud_confg: unknown key (did you mean "cloud_config"?)`. */
export function problemLine(problem: Diagnostic): string {
  return failureLine(problemFailure(problem));
}

/** The failure that a request meets when the only version of a file is a broken one. */
export function problemFailure(problem: Diagnostic): Failure {
  return new Failure('broken', problem.message, { place: problem.place, remedy: problem.remedy });
}

/** Each once: of one document two profiles may say the same. */
export function distinct<T extends Diagnostic>(diagnostics: readonly T[]): readonly T[] {
  return [...new Map(diagnostics.map((one) => [problemLine(one), one])).values()];
}

export function areSame(a: readonly Diagnostic[], b: readonly Diagnostic[]): boolean {
  return a.length === b.length && a.every((one, index) => problemLine(one) === problemLine(b[index] ?? one));
}

export function countBySeverity(diagnostics: readonly Diagnostic[]): {
  readonly error: number;
  readonly warning: number;
} {
  const error = diagnostics.filter(isError).length;
  return { error, warning: diagnostics.length - error };
}

/** One thing that was looked at. An `error` keeps machines from booting; a `warning` may; `ok` is how it should be. */
export interface HostDiagnostic extends Pick<Diagnostic, 'message' | 'remedy'> {
  readonly about: 'ports' | 'firmware' | 'address' | 'server' | 'firewall' | 'data' | 'dhcp';
  readonly severity: Diagnostic['severity'] | 'ok';
}

/** Diagnostics about one thing, without repeating what it is. */
export function diagnosticsAbout(about: HostDiagnostic['about']) {
  return {
    ok: (message: string): HostDiagnostic => ({ about, severity: 'ok', message }),
    warning: (message: string, remedy: string): HostDiagnostic => ({ about, severity: 'warning', message, remedy }),
    error: (message: string, remedy: string): HostDiagnostic => ({ about, severity: 'error', message, remedy }),
  };
}
