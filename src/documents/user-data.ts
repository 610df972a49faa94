import type { SystemId } from '../domain/profile.ts';
import { shown, type Findings } from './finding.ts';
import { readYaml } from './yaml-tree.ts';

/** The first lines that cloud-init knows (its documentation, "User data formats"). */
const HEADERS = [
  '#cloud-config',
  '#cloud-config-archive',
  '#include',
  '#include-once',
  '#cloud-boothook',
  '#part-handler',
];

/** NoCloud's user-data, for cloud-init and for Ubuntu's installer. */
export function checkUserData(text: string, system: SystemId | undefined, findings: Findings): void {
  const first = text.slice(0, 1024).split('\n', 1)[0]?.trimEnd() ?? '';
  if (text.trim() === '') {
    findings.warn('the user-data are empty: cloud-init does nothing', { remedy: 'begin with "#cloud-config"' });
    return;
  }
  const jinja = /^## *template: *jinja$/.test(first);
  const mime = /^(?:content-type: *multipart\/|mime-version:)/i.test(first);
  if (!jinja && !mime && !first.startsWith('#!') && !HEADERS.includes(first)) {
    const remedy = text.startsWith('\ufeff')
      ? 'save the file without a byte order mark'
      : 'begin the file with the line "#cloud-config"';
    findings.error(`cloud-init does not know the first line ${shown(first)}`, { offset: 0, remedy });
    return;
  }
  const config = first === '#cloud-config';
  const tree = config ? readYaml(text, findings, 'warning') : undefined;
  if (tree !== undefined && tree.kind !== 'map' && !(tree.kind === 'scalar' && tree.value === null)) {
    findings.error('the document is not a map of keys', {
      offset: tree.offset,
      remedy: 'write keys such as "autoinstall:"',
    });
    return;
  }
  const keys = tree?.kind === 'map' ? tree.entries : [];
  if (system !== 'ubuntu' || !config || findings.any || keys.some(({ key }) => key === 'autoinstall')) return;
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
