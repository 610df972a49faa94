import type { Finding } from '../documents/finding.ts';
import type { Problem } from '../model/problem.ts';

/** A finding inside one document becomes a problem of the operator's folder. */
export function findingProblem(finding: Finding, file: string): Problem {
  return {
    severity: finding.severity,
    message: finding.message,
    place: {
      file,
      ...(finding.key === undefined ? {} : { key: finding.key }),
      ...(finding.line === undefined ? {} : { line: finding.line }),
      ...(finding.column === undefined ? {} : { column: finding.column }),
    },
    ...(finding.remedy === undefined ? {} : { remedy: finding.remedy }),
  };
}
