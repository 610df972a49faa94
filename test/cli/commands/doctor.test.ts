import { describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../../src/doctor/doctor.ts';
import { doctorText } from '../../../src/cli/commands/check.ts';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const REPORT: DoctorReport = {
  ok: false,
  diagnostics: [
    { about: 'ports', severity: 'ok', message: 'fine' },
    { about: 'firmware', severity: 'error', message: 'nothing here', remedy: 'apt install ipxe' },
  ],
};

describe('doctor', () => {
  it('says each diagnostic in a line, and below it what to do', () => {
    expect(doctorText(REPORT, false)).toBe(
      'ok      ports: fine\nproblem firmware: nothing here\n        -> apt install ipxe\n1 problem, 0 warnings\n',
    );
  });

  it('has colours on a terminal only', () => {
    expect(doctorText(REPORT, true)).toContain('\u001b[31mproblem\u001b[0m');
  });

  it('exits with 1 when there is a problem, and says which to programs', async () => {
    // The base URL keeps its questions on loopback, and is the problem.
    const argv = [
      'doctor',
      '--json',
      '--base-url',
      'http://127.0.0.1:9',
      '--http-listen',
      '127.0.0.1:0',
      '--tftp-listen',
      'off',
    ];
    const { code, stdout } = await runCli(argv, makeFolder());
    const report = JSON.parse(stdout) as { ok: boolean; findings: readonly unknown[] };
    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual(expect.objectContaining({ about: 'address', level: 'problem' }));
    expect(code).toBe(1);
  });
});
