import { firstLine } from './cloud-config-kind.ts';
import { reportCommand } from './report-command.ts';
import { addToYaml } from './yaml-insert.ts';

export interface AutoinstallInstall {
  readonly disk: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/**
 * The operator's user-data for Ubuntu's installer, with what makes it install to this disk and report. Undefined when
 * there is no `autoinstall` map to add to. His `storage` stays as it is.
 *
 * late-commands run in the installer's own system, which has curl; one that fails stops the installation, so that a
 * machine that nobody heard does not come back to be installed again.
 */
export function installAutoinstall(text: string, { disk, report }: AutoinstallInstall): string | undefined {
  if (firstLine(text) !== '#cloud-config' || !/^["']?autoinstall["']?[ \t]*:/m.test(text)) return undefined;
  const command = reportCommand('curl', report, { pause: 5, aloud: true });
  const storage = { layout: { name: 'direct', match: { path: disk } } };
  const placed = addToYaml(text, { path: ['autoinstall', 'storage'], value: storage, how: 'set' });
  if (placed === undefined) return undefined;
  return addToYaml(placed, { path: ['autoinstall', 'late-commands'], value: command, how: 'append' });
}
