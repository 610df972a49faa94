import type { CheckReport } from '../../doctor/check.ts';
import type { DoctorReport } from '../../doctor/doctor.ts';
import { type FileDiagnostic, placeText } from '../../model/failure.ts';
import { plural } from '../../model/text.ts';
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

export const doctorCommand: Command = {
  name: 'doctor',
  words: '',
  summary: 'look at everything between power-on and the boot script, and say what to change',
  details:
    'Looks at the data directory, the boot programs, the addresses that machines hear, the running server, the ports and\n' +
    "the firewall. With --discover it also asks the networks' DHCP servers, as a BIOS and as a UEFI machine would, and\n" +
    'shows who offers what (as root; no address is taken). It changes nothing. Exit status 1 when there is a problem.',
  options: { '--discover': 'ask the DHCP servers of every network what they tell machines', ...JSON_OPTION },
  async run({ settings, has, print }, { stdout }) {
    const { examine } = await import('../../doctor/doctor.ts');
    const report = await examine(settings, { discover: has('discover') });
    print(jsonOf(report), doctorText(report, stdout.isTTY === true));
    return report.ok ? EXIT.ok : EXIT.failed;
  },
};

/** For programs: the words of the first version. */
function jsonOf({ ok, diagnostics }: DoctorReport) {
  const entries = diagnostics.map(({ about, severity, message, remedy }) => ({
    ...{ about, level: LEVELS[severity], what: message, remedy },
  }));
  return { ok, ['findings']: entries };
}

const LEVELS = { ok: 'ok', warning: 'warning', error: 'problem' } as const;
const COLOURS = { ok: '32', warning: '33', error: '31' } as const;

/** One line for each diagnostic, and what to do below it. */
export function doctorText({ diagnostics }: DoctorReport, colours: boolean): string {
  const lines = diagnostics.map(({ about, severity, message, remedy }) => {
    const word = LEVELS[severity].padEnd(7);
    const shown = colours ? `\u001b[${COLOURS[severity]}m${word}\u001b[0m` : word;
    return `${shown} ${about}: ${message}\n${remedy === undefined ? '' : `        -> ${remedy}\n`}`;
  });
  const count = (wanted: 'error' | 'warning') =>
    plural(diagnostics.filter(({ severity }) => severity === wanted).length, LEVELS[wanted]);
  return `${lines.join('')}${count('error')}, ${count('warning')}\n`;
}
