/** The part that is read of what vitest's JSON reporter (Jest's format) writes. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Tests left out by reason, with how many each. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Counts a report. A test file that could not even be loaded is one failure. */
export function tally(report: VitestReport): Tally {
  let passed = 0;
  let failed = 0;
  const leftOut = new Map<string, number>();
  for (const file of report.testResults) {
    const failedHere = file.assertionResults.filter(({ status }) => status === 'failed').length;
    passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere;
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed' || status === 'failed') continue;
      const reason = reasonOf(fullName);
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    }
  }
  return { passed, failed, leftOut };
}

/** The reason stands in the name: see test/support/needs.ts. A plain skip has none, and is named itself. */
function reasonOf(fullName: string): string {
  return /[[(]left out: ([^\])]+)[\])]/.exec(fullName)?.[1] ?? `skipped without a reason: ${fullName.trim()}`;
}

/** Several tallies as one. */
export function sum(tallies: readonly Tally[]): Tally {
  const leftOut = new Map<string, number>();
  for (const [reason, count] of tallies.flatMap((one) => [...one.leftOut])) {
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + count);
  }
  return {
    passed: tallies.reduce((total, one) => total + one.passed, 0),
    failed: tallies.reduce((total, one) => total + one.failed, 0),
    leftOut,
  };
}

/** A left-out test counts as failed where everything is required. */
export function requireAll({ passed, failed, leftOut }: Tally): Tally {
  return { passed, failed: failed + [...leftOut.values()].reduce((a, b) => a + b, 0), leftOut };
}

/** For people: what was left out and why, one line a reason. */
export function leftOutLines({ leftOut }: Tally): readonly string[] {
  return [...leftOut]
    .sort()
    .map(([reason, count]) => `left out: ${count} ${count === 1 ? 'test' : 'tests'} (${reason})`);
}
