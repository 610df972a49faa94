import type { DoctorReport } from '../../doctor/doctor.ts';
import { type Command, EXIT, type Output } from '../command.ts';

const COLOURS = { ok: '32', warning: '33', problem: '31' } as const;

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: 'look at everything between power-on and the boot script, and say what to change',
  details:
    'Looks at the data directory, the boot programs, the addresses that machines hear, the running server, the ports and\n' +
    "the firewall. With --discover it also asks the networks' DHCP servers, as a BIOS and as a UEFI machine would, and\n" +
    'shows who offers what (as root; no address is taken). It changes nothing. Exit status 1 when there is a problem.',
  flags: [
    { flag: 'discover', type: 'boolean', help: 'ask the DHCP servers of every network what they tell machines' },
    { flag: 'json', type: 'boolean', help: 'one JSON object on standard output' },
  ],
  words: { min: 0, max: 0 },
  async run(invocation, context) {
    const { examine } = await import('../../doctor/doctor.ts');
    const report = await examine(invocation.settings, { discover: invocation.has('discover') });
    if (invocation.has('json')) context.stdout.write(`${JSON.stringify(report)}\n`);
    else tell(report, context.stdout);
    return report.ok ? EXIT.ok : EXIT.failed;
  },
};

/** As people read it: one line each, and what to do below it. */
export function tell({ findings }: DoctorReport, out: Output): void {
  for (const { about, level, what, remedy } of findings) {
    const word = level.padEnd(7);
    out.write(`${out.isTTY === true ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word} ${about}: ${what}\n`);
    if (remedy !== undefined) out.write(`        -> ${remedy}\n`);
  }
  const count = (level: string): string => {
    const number = findings.filter((finding) => finding.level === level).length;
    return `${number} ${level}${number === 1 ? '' : 's'}`;
  };
  out.write(`${count('problem')}, ${count('warning')}\n`);
}
