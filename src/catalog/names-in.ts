import { parseMac } from '../model/mac.ts';
import { parseUuid } from '../model/uuid.ts';
import { comparableSerial } from './identity.ts';

const QUOTED = /"([0-9A-Fa-f:.-]{12,36})"|"serial"\s{0,20}:\s{0,20}"([ -~]{1,128}?)"/g;

/**
 * The machines that a file seems to name which cannot be read as a profile: found by their spelling alone, since a
 * missing comma is what most broken files have.
 */
export function namesIn(text: string): readonly string[] {
  const found: string[] = [];
  for (const [, word = '', serial = ''] of text.matchAll(QUOTED)) {
    const mac = parseMac(word);
    const uuid = parseUuid(word);
    const known = comparableSerial(serial);
    if (mac !== undefined) found.push(`mac ${mac}`);
    if (uuid !== undefined) found.push(`uuid ${uuid}`);
    if (known !== undefined) found.push(`serial ${known}`);
  }
  return found;
}
