import type { CheckReport } from '../../doctor/check.ts';
import { placeText, type FileDiagnostic } from '../../model/failure.ts';
import { type Command, EXIT, type Output } from '../command.ts';

export const checkCommand: Command = {
  name: 'check',
  usage: '',
  summary: 'look for everything that is wrong in the data directory',
  details:
    'Reads every profile, renders every document for every node, looks for keys and images and measures every kernel\n' +
    'command line. Exit status 1 when there is an error; with --strict also when there is a warning.',
  flags: [
    { flag: 'strict', type: 'boolean', help: 'warnings count as errors' },
    { flag: 'json', type: 'boolean', help: 'one JSON object on standard output' },
  ],
  words: { min: 0, max: 0 },
  async run(invocation, context) {
    const { checkData } = await import('../../doctor/check.ts');
    const report = await checkData(invocation.settings);
    const errors = report.problems.filter((problem) => problem.severity === 'error').length;
    const ok = errors === 0 && (!invocation.has('strict') || report.problems.length === 0);
    if (invocation.has('json')) context.stdout.write(`${JSON.stringify({ ok, ...report })}\n`);
    else tell(report, errors, context.stdout);
    return ok ? EXIT.ok : EXIT.failed;
  },
};

function tell(report: CheckReport, errors: number, out: Output): void {
  const paint =
    out.isTTY === true
      ? (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`
      : (_: string, text: string) => text;
  for (const problem of report.problems) out.write(describe(problem, paint));
  const warnings = report.problems.length - errors;
  const found =
    report.problems.length === 0
      ? paint('32', 'no problems')
      : `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`;
  out.write(
    `${plural(report.profiles, 'profile')}, ${plural(report.nodes, 'node')}, ${plural(report.documents, 'document')} ` +
      `(rendered ${plural(report.rendered, 'time')}), ${plural(report.keys, 'key')}: ${found}\n`,
  );
}

function describe(problem: FileDiagnostic, paint: (code: string, text: string) => string): string {
  const word = problem.severity === 'error' ? paint('31', 'error') : paint('33', 'warning');
  const remedy = problem.remedy === undefined ? '' : `  -> ${problem.remedy}\n`;
  return `${word} ${paint('1', placeText(problem.place))}: ${problem.message}\n${remedy}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
