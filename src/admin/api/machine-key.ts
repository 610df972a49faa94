import { Failure } from '../../model/failure.ts';
import { parseLabel } from '../../model/facts.ts';
import { parseSentMac } from '../../model/mac.ts';
import type { MachineKey } from '../../model/machine.ts';
import { parseUuid } from '../../model/uuid.ts';
import { show } from '../../http/percent.ts';

/** Undefined for what names no machine: neither a MAC in any spelling, nor `uuid:...`, nor `serial:...`. */
export function parseMachineKey(text: string): MachineKey | undefined {
  const mac = parseSentMac(text);
  if (mac !== undefined) return mac;
  if (text.startsWith('uuid:')) {
    const uuid = parseUuid(text.slice('uuid:'.length));
    return uuid === undefined ? undefined : `uuid:${uuid}`;
  }
  if (!text.startsWith('serial:')) return undefined;
  const serial = parseLabel(text.slice('serial:'.length));
  return serial === undefined ? undefined : `serial:${serial}`;
}

/** Throws Failure `invalid`. */
export function machineKeyFrom(text: string): MachineKey {
  const key = parseMachineKey(text);
  if (key !== undefined) return key;
  throw new Failure('invalid', `"${show(text)}" names no machine`, {
    remedy: 'give its MAC (52:54:00:12:34:56), uuid:... or serial:...',
  });
}
