import type { AnswerEvent } from '../http/access-log.ts';
import type { Diagnostic } from '../model/failure.ts';
import { plainAddress } from '../model/machine.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';

/** A machine that is switched off in the middle may do it twice. */
const TIMES = 3;
const MOST = 4096;
const SHOWN = 5;
const UNSIGNED = /(?:^|\/)(?:snponly|ipxe)[\w-]*\.efi$/;
/** What only a boot program that runs asks for. */
const RUNS: ReadonlySet<string> = new Set(['grub', 'root', 'script', 'start']);

/**
 * Machines that load iPXE for UEFI again and again and never come for their script: with Secure Boot on, firmware refuses
 * the program without a word to us. DHCP does not tell, so this is all that can be seen of it from here.
 */
export interface UnsignedLoads {
  answered(event: Pick<AnswerEvent, 'from' | 'kind' | 'method' | 'path' | 'status'>): void;
  transferred(event: Pick<TransferEvent, 'client' | 'end' | 'file'>): void;
  diagnostics(): readonly Diagnostic[];
}

export function createUnsignedLoads(): UnsignedLoads {
  const loads = new Map<string, number>();

  function saw(from: string, file: string, whole: boolean): void {
    const address = plainAddress(from);
    if (!UNSIGNED.test(file)) loads.delete(address);
    else if (whole && !/-sb\//.test(file)) {
      loads.set(address, (loads.get(address) ?? 0) + 1);
      if (loads.size > MOST) loads.delete(loads.keys().next().value ?? address);
    }
  }

  return {
    answered({ kind, method, status, path, from }) {
      if (from === undefined) return;
      if (RUNS.has(kind)) loads.delete(plainAddress(from));
      else if (kind === 'firmware') saw(from, path, method === 'GET' && status === 200);
    },
    transferred({ client, end, file }) {
      saw(client, file, end === 'done');
    },
    diagnostics() {
      const often = [...loads].filter(([, times]) => times >= TIMES);
      return often.slice(0, SHOWN).map(([address, times]) => ({
        severity: 'warning',
        message: `the machine at ${address} loaded iPXE ${times} times and never came for its script`,
        remedy: 'if Secure Boot is on there, set "secure_boot": true for it (docs/network.md, section 7)',
      }));
    },
  };
}
