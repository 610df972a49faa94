import type { BootingMachine } from '../boot/desk.ts';
import { machineKey } from '../domain/machine.ts';
import type { MachineEvent } from '../doors/dhcp/door.ts';
import type { AnswerEvent } from '../doors/http/answer-event.ts';
import type { TransferEvent } from '../doors/tftp/transfer-event.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { BootWatch } from './boot-watch.ts';
import type { InstallFollower } from './install-follower.ts';
import type { Journalist } from './journalist.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface ListenersOptions {
  readonly journalist: Journalist;
  readonly follower: InstallFollower;
  readonly whereabouts: Whereabouts;
  readonly metrics: Pick<Metrics, 'httpAnswered' | 'bytes' | 'bootAnswered' | 'tftpTransfer'>;
  readonly boots: Pick<BootWatch, 'answered'>;
}

/** What the doors tell, once for all who want to hear it. Called after the answer is on its way; cheap. */
export interface Listeners {
  answered(event: AnswerEvent): void;
  transferred(event: TransferEvent): void;
  offered(event: MachineEvent): void;
  /** A file over TFTP sends a machine to a boot. */
  sentToBoot(boots: BootingMachine, from: string): void;
}

export function createListeners(options: ListenersOptions): Listeners {
  const { journalist, follower, whereabouts, metrics, boots } = options;
  return {
    answered(event) {
      const { kind, status, bytes, facts, decision, from } = event;
      metrics.httpAnswered(kind, status);
      metrics.bytes(kind, bytes);
      if (decision !== undefined && event.source === undefined) {
        metrics.bootAnswered(decision.outcome, decision.profile);
      }
      if (facts !== undefined && from !== undefined && machineKey(facts) !== undefined) whereabouts.saw(from, facts);
      boots.answered(event);
      follower.answered(event);
      journalist.answered(event);
    },
    transferred(event) {
      metrics.tftpTransfer(event.end, event.end === 'done' ? event.size : 0, event.ms);
      journalist.transferred(event);
    },
    offered(event) {
      journalist.offered(event);
    },
    sentToBoot(machine, from) {
      follower.sent(machine, from);
    },
  };
}
