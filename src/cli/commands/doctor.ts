import type { DoctorReport } from '../../doctor/doctor.ts';
import { type Command, EXIT, JSON_OPTION } from '../command.ts';
import { plural } from '../text.ts';

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
    print(report, doctorText(report, stdout.isTTY === true));
    return report.ok ? EXIT.ok : EXIT.failed;
  },
};

const COLOURS = { ok: '32', warning: '33', problem: '31' } as const;

/** One line for each finding, and what to do below it. */
export function doctorText({ findings }: DoctorReport, colours: boolean): string {
  const lines = findings.map(({ about, level, what, remedy }) => {
    const word = level.padEnd(7);
    const shown = colours ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word;
    return `${shown} ${about}: ${what}\n${remedy === undefined ? '' : `        -> ${remedy}\n`}`;
  });
  const count = (wanted: 'problem' | 'warning') =>
    plural(findings.filter(({ level }) => level === wanted).length, wanted);
  return `${lines.join('')}${count('problem')}, ${count('warning')}\n`;
}
