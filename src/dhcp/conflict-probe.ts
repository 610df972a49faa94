import type { Socket } from 'node:dgram';
import { setTimeout as wait } from 'node:timers/promises';
import type { Mac } from '../model/machine.ts';
import { bindUdp, closeUdp, sendUdp } from '../net/udp-socket.ts';

/** Looks whether an address is in use, before it is offered. */
export interface ConflictProbe {
  /** The card that answers for it now; undefined where none does, or nothing can be known. */
  look(address: string): Promise<Mac | undefined>;
  close(): Promise<void>;
}

export interface ConflictProbeOptions {
  /** From the kernel's table. */
  readonly macOf: (address: string) => Promise<Mac | undefined>;
  /** Between the question and the look. */
  readonly waitMs?: number;
  /** Looks at once. The kernel's table holds about a thousand machines, those that were asked for in vain among them. */
  readonly most?: number;
}

/** Machines answer ARP within milliseconds, busy virtual ones within tens of them; firmware asks again after a second. */
const WAIT_MS = 300;
const MOST = 256;
/** "Discard" (RFC 863): hardly a machine listens there, and one that does throws it away. */
const PORT = 9;

/**
 * Node sends neither ARP nor ICMP. A datagram makes the kernel ask for the card of its receiver; a moment later its table
 * says whether one answered. Where too many are looked for at once, none is: a client looks for itself, too (RFC 2131 2.2).
 */
export function createConflictProbe({ macOf, waitMs = WAIT_MS, most = MOST }: ConflictProbeOptions): ConflictProbe {
  let opening: Promise<Socket> | undefined;
  let looking = 0;

  return {
    async look(address) {
      if (looking >= most) return undefined;
      looking += 1;
      try {
        opening ??= bindUdp('0.0.0.0', 0, { onError: () => undefined });
        await sendUdp(await opening, Buffer.alloc(1), { address, port: PORT });
        await wait(waitMs);
        return await macOf(address);
      } catch {
        // It cannot be asked: no route to it, or the table is full.
        return undefined;
      } finally {
        looking -= 1;
      }
    },
    async close() {
      const socket = await opening?.catch(() => undefined);
      opening = undefined;
      if (socket !== undefined) await closeUdp(socket);
    },
  };
}
