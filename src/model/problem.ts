import { Failure, failureLine, type Place } from './failure.ts';

/**
 * Something wrong in the operator's files. An `error` keeps the file it is in from coming into force (the last good
 * version stays), unless it is only that another file is missing or does not fit machines that no profile lists; a
 * `warning` does not.
 */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly place: Place;
  readonly remedy?: string;
}

/** One line: `profiles/a.json:3:5 cloud_confg: unknown key (did you mean "cloud_config"?)`. */
export function problemLine(problem: Problem): string {
  return failureLine(problemFailure(problem));
}

/** The failure that a request meets when the only version of a file is a broken one. */
export function problemFailure(problem: Problem): Failure {
  return new Failure('broken', problem.message, {
    place: problem.place,
    ...(problem.remedy === undefined ? {} : { remedy: problem.remedy }),
  });
}
