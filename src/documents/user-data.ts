import type { SystemId } from '../model/profile.ts';
import { checkAutoinstall } from './autoinstall.ts';
import { shown, type Findings } from './finding.ts';
import { readYaml } from './yaml-tree.ts';

/**
 * How user-data may begin (cloud-init's documentation, "User data formats"). Like cloud-init: as the beginning of the text,
 * in any case; what follows on the line is its own business (`#include http://...`).
 */
const HEADERS = [
  '#cloud-config-archive',
  '#cloud-config-jsonp',
  '#cloud-config',
  '#include-once',
  '#include',
  '#cloud-boothook',
  '#part-handler',
  '#upstart-job',
  '## template: jinja',
  '#!',
];

/** NoCloud's user-data, for cloud-init and for Ubuntu's installer. */
export function checkUserData(text: string, system: SystemId | undefined, findings: Findings): void {
  const first = text.slice(0, 1024).split('\n', 1)[0]?.trimEnd() ?? '';
  if (text.trim() === '') {
    findings.warn('the user-data are empty: cloud-init does nothing', { remedy: 'begin with "#cloud-config"' });
    return;
  }
  const header = HEADERS.find((word) => first.toLowerCase().startsWith(word));
  // cloud-init takes for MIME whatever names a version of it in its first 4 KiB.
  const mime = /^content-type: *multipart\/|mime-version:/i.test(text.slice(0, 4096));
  if (!mime && header === undefined) {
    const remedy = text.startsWith('\ufeff')
      ? 'save the file without a byte order mark'
      : 'begin the file with the line "#cloud-config"';
    findings.error(`cloud-init does not know the first line ${shown(first)}`, { offset: 0, remedy });
    return;
  }
  const config = !mime && header === '#cloud-config';
  const tree = config ? readYaml(text, findings, 'warning') : undefined;
  if (tree !== undefined && tree.kind !== 'map' && !(tree.kind === 'scalar' && tree.value === null)) {
    findings.error('the document is not a map of keys', {
      offset: tree.offset,
      remedy: 'write keys such as "autoinstall:"',
    });
    return;
  }
  if (tree?.kind === 'map' && tree.entries.some(({ key }) => key === 'autoinstall')) {
    checkAutoinstall(tree, findings);
    return;
  }
  if (system !== 'ubuntu' || !config || findings.any) return;
  findings.warn('without "autoinstall:" Ubuntu\'s installer asks its questions on the screen', {
    offset: 0,
    remedy: 'put the answers below "autoinstall:" with "version: 1"',
  });
}

/**
 * NoCloud's meta-data for a machine. `instance-id` is what makes cloud-init run again, so it must be the machine's own;
 * both values are given as JSON, which is YAML.
 */
export function metaData(machine: { readonly id: string; readonly hostname?: string }): string {
  const hostname = machine.hostname === undefined ? '' : `local-hostname: ${JSON.stringify(machine.hostname)}\n`;
  return `instance-id: ${JSON.stringify(machine.id)}\n${hostname}`;
}
