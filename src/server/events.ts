import { listener } from '../model/listener.ts';
import type { Log } from '../model/log.ts';
import { machineKey } from '../model/machine.ts';
import type { MachineEvent } from '../dhcp/server.ts';
import type { AnswerEvent } from '../http/answer-event.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { BootWatch } from './boot-watch.ts';
import type { InstallFollower } from './install-follower.ts';
import type { Journalist } from './event-recorder.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface ListenersOptions {
  readonly journalist: Journalist;
  readonly follower: InstallFollower;
  readonly whereabouts: Whereabouts;
  readonly metrics: Pick<Metrics, 'httpAnswered' | 'bytes' | 'bootAnswered' | 'tftpTransfer'>;
  readonly boots: Pick<BootWatch, 'answered'>;
  readonly log: Log;
}

/**
 * What the doors tell, once for all who want to hear it. Called after the answer is on its way; cheap. Does not throw:
 * who fails keeps it from none of the others, and from no machine.
 */
export interface Listeners {
  answered(event: AnswerEvent): void;
  transferred(event: TransferEvent): void;
  offered(event: MachineEvent): void;
}

export function createListeners(options: ListenersOptions): Listeners {
  const { journalist, follower, whereabouts, metrics, boots, log } = options;

  function measure({ kind, status, bytes, decision, source }: AnswerEvent): void {
    metrics.httpAnswered(kind, status);
    metrics.bytes(kind, bytes);
    if (decision !== undefined && source === undefined) metrics.bootAnswered(decision.outcome, decision.profile);
  }

  function place({ facts, from }: AnswerEvent): void {
    if (facts !== undefined && from !== undefined && machineKey(facts) !== undefined) whereabouts.saw(from, facts);
  }

  /** One after the other, each for itself. */
  function all<E>(parts: Readonly<Record<string, (event: E) => void>>): (event: E) => void {
    const guarded = Object.entries(parts).map(([what, hear]) => listener(log, what, hear));
    return (event) => {
      for (const hear of guarded) hear(event);
    };
  }

  return {
    answered: all<AnswerEvent>({
      measure,
      place,
      boots: (event) => {
        boots.answered(event);
      },
      follower: (event) => {
        follower.answered(event);
      },
      journalist: (event) => {
        journalist.answered(event);
      },
    }),
    transferred: all<TransferEvent>({
      measure: (event) => {
        metrics.tftpTransfer(event.end, event.end === 'done' ? event.size : 0, event.ms);
      },
      follower: (event) => {
        follower.transferred(event);
      },
      journalist: (event) => {
        journalist.transferred(event);
      },
    }),
    offered: all<MachineEvent>({
      journalist: (event) => {
        journalist.offered(event);
      },
    }),
  };
}
