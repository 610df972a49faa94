import type { AnswerEvent } from '../http/access-log.ts';
import type { Diagnostic } from '../model/failure.ts';
import { type Mac, plainAddress } from '../model/machine.ts';
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
  /** For the page of the machine with this card. */
  of(mac: Mac): Diagnostic | undefined;
}

interface Loads {
  times: number;
  /** Asked for while it loads: later the kernel forgets it. */
  mac?: Mac | undefined;
}

export function createUnsignedLoads(macOf: (address: string) => Promise<Mac | undefined>): UnsignedLoads {
  const loads = new Map<string, Loads>();

  function saw(from: string, file: string, whole: boolean): void {
    const address = plainAddress(from);
    if (!UNSIGNED.test(file)) loads.delete(address);
    else if (whole && !/-sb\//.test(file)) {
      const one = loads.get(address) ?? { times: 0 };
      one.times += 1;
      loads.set(address, one);
      if (one.times >= TIMES) {
        macOf(address).then(
          (mac) => (one.mac = mac ?? one.mac),
          () => undefined,
        );
      }
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
      const often = [...loads].filter(([, { times }]) => times >= TIMES);
      return often.slice(0, SHOWN).map(([address, { times }]) => diagnosticOf(`the machine at ${address}`, times));
    },
    of(mac) {
      const one = [...loads.values()].find((other) => other.mac === mac && other.times >= TIMES);
      return one && diagnosticOf('it', one.times);
    },
  };
}

function diagnosticOf(machine: string, times: number): Diagnostic {
  return {
    severity: 'warning',
    message: `${machine} loaded iPXE ${times} times and never came for its script`,
    remedy: 'if Secure Boot is on there, set "secure_boot": true for it (docs/network.md, section 7)',
  };
}
