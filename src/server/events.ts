import type { AppContext } from '../context/app-context.ts';
import type { MachineEvent } from '../dhcp/server.ts';
import type { AnswerEvent } from '../http/access-log.ts';
import type { Diagnostic } from '../model/failure.ts';
import { type Mac, type MachineFacts, machineKey } from '../model/machine.ts';
import { listener, type Log, type Service } from '../model/service.ts';
import type { Neighbours } from '../net/neighbours.ts';
import { createBootRecord, shelvesOf } from '../releases/in-use.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TransferEvent } from '../tftp/transfer-event.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { InstallFollower } from './install-follower.ts';
import { createUnsignedLoads } from './unsigned-loads.ts';

const SAVE_MS = 30_000;

/** What needs files of a release. */
const BOOTS: ReadonlySet<string> = new Set(['boot', 'install']);

interface BootWatch extends Service {
  /** For every answer of the HTTP server. */
  readonly answered: (event: Pick<AnswerEvent, 'decision'>) => void;
}

/** Remembers which releases nodes boot, so that retention does not take one away under them. */
export function createBootWatch({ files, catalog }: Pick<AppContext, 'files' | 'catalog'>, log: Log): BootWatch {
  const record = createBootRecord(files, Date.now);
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  function save(): void {
    saving = saving
      .then(() => record.save())
      .catch((error: unknown) => {
        log.warn({ err: error }, 'which releases are booted could not be written down');
      });
  }

  return {
    name: 'boot record',
    answered({ decision }) {
      if (decision?.profile === undefined || !BOOTS.has(decision.outcome)) return;
      const snapshot = catalog.current();
      const rolled = snapshot.rollouts.get(decision.profile)?.profile;
      const isNew = rolled !== undefined && rolled.version === decision.version;
      const profile = isNew ? rolled : snapshot.profiles.get(decision.profile);
      if (profile !== undefined) for (const shelf of shelvesOf(profile)) record.booted(shelf);
    },
    start() {
      timer = setInterval(save, SAVE_MS);
      timer.unref();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      save();
      await saving;
    },
  };
}

/** A rack asks within a minute; the oldest is forgotten first. */
const MOST = 16_384;
/** Addresses are handed out anew: after a while no machine is known to be there. */
const FRESH_MS = 15 * 60_000;

interface Seen {
  readonly facts: MachineFacts;
  readonly at: number;
}

/** Which machine asked last from which address: files are fetched without saying who fetches. */
export class AddressTable {
  readonly #seen = new Map<string, Seen>();
  readonly #now: () => number;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  saw(address: string, facts: MachineFacts): void {
    const before = this.#seen.get(address);
    const at = this.#now();
    // A machine that asks again and again moves to the end once a second, not each time.
    if (before?.facts === facts && at - before.at < 1000) return;
    this.#seen.delete(address);
    this.#seen.set(address, { facts, at });
    if (this.#seen.size <= MOST) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      break;
    }
  }

  at(address: string): MachineFacts | undefined {
    const seen = this.#seen.get(address);
    return seen === undefined || this.#now() - seen.at > FRESH_MS ? undefined : seen.facts;
  }
}

export interface EventBusOptions {
  readonly eventRecorder: EventRecorder;
  readonly follower: InstallFollower;
  readonly addressTable: AddressTable;
  readonly metrics: Pick<Metrics, 'httpAnswered' | 'bytes' | 'bootAnswered' | 'tftpTransfer'>;
  readonly boots: Pick<BootWatch, 'answered'>;
  readonly neighbours: Pick<Neighbours, 'macOf'>;
  readonly log: Log;
}

/**
 * What the servers tell, once for all that listen. Called after the answer is on its way; cheap. Does not throw:
 * who fails keeps it from none of the others, and from no machine.
 */
export interface EventBus {
  answered(event: AnswerEvent): void;
  transferred(event: TransferEvent): void;
  offered(event: MachineEvent): void;
  /** For the Health page: what only all events together show. */
  diagnostics(): readonly Diagnostic[];
  /** For the page of the machine with this card: why it may not boot. */
  bootHint(mac: Mac): Diagnostic | undefined;
}

export function createEventBus(options: EventBusOptions): EventBus {
  const { eventRecorder, follower, addressTable, metrics, boots, neighbours, log } = options;
  const unsignedLoads = createUnsignedLoads(async (address) => await neighbours.macOf(address));

  function measure({ kind, status, bytes, decision, source }: AnswerEvent): void {
    metrics.httpAnswered(kind, status);
    metrics.bytes(kind, bytes);
    if (decision !== undefined && source === undefined) metrics.bootAnswered(decision.outcome, decision.profile);
  }

  function place({ facts, from, decision }: AnswerEvent): void {
    if (decision?.stranger === true) return;
    if (facts !== undefined && from !== undefined && machineKey(facts) !== undefined) addressTable.saw(from, facts);
  }

  /** One after the other, each for itself. */
  function all<E>(parts: Readonly<Record<string, (event: E) => void>>): (event: E) => void {
    const guarded = Object.entries(parts).map(([what, handle]) => listener(log, what, handle));
    return (event) => {
      for (const handle of guarded) handle(event);
    };
  }

  return {
    diagnostics: () => unsignedLoads.diagnostics(),
    bootHint: (mac) => unsignedLoads.of(mac),
    answered: all<AnswerEvent>({
      measure,
      place,
      boots: (event) => {
        boots.answered(event);
      },
      unsignedLoads: (event) => {
        unsignedLoads.answered(event);
      },
      follower: (event) => {
        follower.answered(event);
      },
      eventRecorder: (event) => {
        eventRecorder.answered(event);
      },
    }),
    transferred: all<TransferEvent>({
      measure: (event) => {
        metrics.tftpTransfer(event.end, event.end === 'done' ? event.size : 0, event.ms);
      },
      follower: (event) => {
        follower.transferred(event);
      },
      unsignedLoads: (event) => {
        unsignedLoads.transferred(event);
      },
      eventRecorder: (event) => {
        eventRecorder.transferred(event);
      },
    }),
    offered: all<MachineEvent>({
      eventRecorder: (event) => {
        eventRecorder.offered(event);
      },
    }),
  };
}
