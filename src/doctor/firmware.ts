import type { FirmwareStore } from '../images/firmware.ts';
import { findingsAbout, type Finding } from './finding.ts';

const say = findingsAbout('firmware');
/** Nearly every machine is one of these. */
const USUAL = ['pcbios x86_64', 'efi x86_64'];
const REMEDY = 'apt install ipxe, or put it into firmware/ of the data directory';

/** Which machines this host has a boot program for. */
export async function firmwareFindings(shelf: Pick<FirmwareStore, 'inventory'>): Promise<readonly Finding[]> {
  const { found, missing } = await shelf.inventory();
  if (found.length === 0) return [say.problem('no boot program (iPXE) on this host: no machine can boot', REMEDY)];
  const usual = missing.filter(({ platform, arch }) => USUAL.includes(`${platform} ${arch}`));
  const rare = missing.filter((program) => !usual.includes(program));
  return [
    ...found.map(({ program, file, size }) => say.ok(`${program.title}: ${file}, ${size} bytes`)),
    ...usual.map(({ title, name }) => say.warning(`${title}: ${name} is not here, such machines cannot boot`, REMEDY)),
    ...(rare.length === 0 ? [] : [say.ok(`not here, and seldom needed: ${rare.map(({ title }) => title).join(', ')}`)]),
  ];
}
