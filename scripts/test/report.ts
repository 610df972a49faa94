/** The part that is read of what vitest's JSON reporter (Jest's format) writes. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What failed, each as lines of which the first says where: told again at the end, where a log that was cut still has it. */
  readonly failures: readonly string[];
  /** Tests left out by reason, with how many each. */
  readonly leftOut: ReadonlyMap<string, number>;
}

const LINES_OF_A_FAILURE = 12;

/** Counts a report. A test file that could not even be loaded is one failure. */
export function tally(report: VitestReport): Tally {
  let passed = 0;
  const failures: string[] = [];
  const leftOut = new Map<string, number>();
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    for (const { fullName, failureMessages } of failed) {
      failures.push(failure(`${file.name}: ${fullName.trim()}`, failureMessages?.join('\n')));
    }
    if (failed.length === 0 && file.status === 'failed') failures.push(failure(file.name, file.message));
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed' || status === 'failed') continue;
      const reason = reasonOf(fullName);
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    }
  }
  return { passed, failed: failures.length, failures, leftOut };
}

/** One failure as lines: `FAILED where`, then the beginning of its message, each line behind a bar. */
export function failure(where: string, message = ''): string {
  const lines = message.split('\n', LINES_OF_A_FAILURE).map((line) => `     | ${line.slice(0, 300)}`);
  return [`FAILED ${where}`, ...(message === '' ? [] : lines)].join('\n');
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
    failures: tallies.flatMap((one) => one.failures),
    leftOut,
  };
}

/** A left-out test counts as failed where everything is required. */
export function requireAll(whole: Tally): Tally {
  return { ...whole, failed: whole.failed + [...whole.leftOut.values()].reduce((a, b) => a + b, 0) };
}

/** For people: what was left out and why, one line a reason. */
export function leftOutLines({ leftOut }: Tally): readonly string[] {
  return [...leftOut]
    .sort()
    .map(([reason, count]) => `left out: ${count} ${count === 1 ? 'test' : 'tests'} (${reason})`);
}
