import { plural } from '../../model/text.ts';
import type { CheckReport } from '../../doctor/check.ts';
import { type FileDiagnostic, placeText } from '../../model/failure.ts';
import { type Command, EXIT, JSON_OPTION } from '../command.ts';

export const checkCommand: Command = {
  name: 'check',
  words: '',
  summary: 'look for everything that is wrong in the data directory',
  details:
    'Reads every profile, renders every document for every node, looks for keys and images and measures every kernel\n' +
    'command line. Exit status 1 when there is an error; with --strict also when there is a warning.',
  options: { '--strict': 'warnings count as errors', ...JSON_OPTION },
  async run({ settings, has, print }, { stdout }) {
    const { checkData } = await import('../../doctor/check.ts');
    const report = await checkData(settings);
    const errors = report.problems.filter((problem) => problem.severity === 'error').length;
    const ok = errors === 0 && (!has('strict') || report.problems.length === 0);
    print({ ok, ...report }, reportText(report, errors, stdout.isTTY === true ? coloured : (_, text) => text));
    return ok ? EXIT.ok : EXIT.failed;
  },
};

type Paint = (code: string, text: string) => string;

function coloured(code: string, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}

function reportText(report: CheckReport, errors: number, paint: Paint): string {
  const { problems, profiles, nodes, documents, rendered, keys } = report;
  const found =
    problems.length === 0
      ? paint('32', 'no problems')
      : `${plural(errors, 'error')}, ${plural(problems.length - errors, 'warning')}`;
  return (
    problems.map((problem) => problemText(problem, paint)).join('') +
    `${plural(profiles, 'profile')}, ${plural(nodes, 'node')}, ${plural(documents, 'document')} ` +
    `(rendered ${plural(rendered, 'time')}), ${plural(keys, 'key')}: ${found}\n`
  );
}

function problemText({ severity, place, message, remedy }: FileDiagnostic, paint: Paint): string {
  const word = severity === 'error' ? paint('31', 'error') : paint('33', 'warning');
  return `${word} ${paint('1', placeText(place))}: ${message}\n${remedy === undefined ? '' : `  -> ${remedy}\n`}`;
}
