import { isIPv6 } from 'node:net';
import { asFailure, Failure } from '../model/failure.ts';
import { createRepeater, type Log, type Service } from '../model/service.ts';
import { expandListen, type LocalAddress, localAddresses } from '../net/addresses.ts';
import { Listener } from './listener.ts';
import { CrowdReport, type TransferEvent } from './transfer-event.ts';
import { Slots } from './slots.ts';
import type { TftpSource } from './source.ts';
import type { TransferThread } from './thread.ts';

export interface TftpSettings {
  /** An address; `0.0.0.0` is every IPv4 address of the host, `::` every address. */
  readonly host: string;
  readonly port: number;
  /** For IPv4; IPv6 gets 20 less, the difference of the headers. Default 1468: Ethernet without fragments. */
  readonly maxBlksize?: number;
  /** Default 16, at most 64. */
  readonly maxWindowsize?: number;
  readonly singlePort?: boolean;
  /** Default 16. */
  readonly perAddress?: number;
  /** Default 256. */
  readonly total?: number;
}

export interface TftpDeps {
  readonly source: TftpSource;
  readonly log: Log;
  /** Called for each request that was answered: cheap, please. */
  readonly onEnd?: (event: TransferEvent) => void;
  /** A faster way for files; closed by `stop`. */
  readonly thread?: TransferThread;
  /** For tests. */
  readonly addresses?: () => readonly LocalAddress[];
  /** For tests: milliseconds between looks at the host's addresses. */
  readonly rescanMs?: number;
}

export interface TftpServer extends Service {
  /** Where it listens now. */
  listening(): readonly { readonly address: string; readonly port: number }[];
  /** Transfers under way. */
  transfers(): number;
}

/** One timer for all transfers: a tick of 20 ms is a fifth of the shortest wait. */
const TICK_MS = 20;

/** The read-only TFTP server (RFC 1350, 2347-2349, 7440). */
export function createTftpServer(settings: TftpSettings, deps: TftpDeps): TftpServer {
  const perAddress = settings.perAddress ?? 16;
  const slots = new Slots(perAddress, settings.total ?? 256);
  const crowd = new CrowdReport(deps.log, perAddress);
  const listeners = new Map<string, Listener>();
  /** How often each address could not be listened at, one look after the other. */
  const refusals = new Map<string, number>();
  const addresses = deps.addresses ?? localAddresses;
  const now = (): number => performance.now();
  const maxBlksize = settings.maxBlksize ?? 1468;

  // Runs only while there are transfers: an idle server sleeps.
  let ticking: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const time = now();
    for (const listener of listeners.values()) listener.tick(time);
    if (slots.taken > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };

  const open = async (address: string): Promise<void> => {
    const listener = new Listener(address, {
      source: deps.source,
      log: deps.log,
      slots,
      crowd,
      limits: {
        maxBlksize: isIPv6(address.split('%')[0] ?? '') ? Math.max(8, maxBlksize - 20) : maxBlksize,
        maxWindowsize: settings.maxWindowsize ?? 16,
      },
      singlePort: settings.singlePort ?? false,
      thread: deps.thread,
      now,
      onEnd: (event) => {
        deps.onEnd?.(event);
      },
      busy: () => {
        // In the turn's last phase: after a stall of this process, the ACKs that wait at the sockets are read first.
        ticking ??= setInterval(() => setImmediate(tick), TICK_MS);
      },
    });
    await listener.start(settings.port);
    listeners.set(address, listener);
    refusals.delete(address);
  };

  const onRefusal = (address: string, cause: Failure): void => {
    const times = (refusals.get(address) ?? 0) + 1;
    refusals.set(address, times);
    // An IPv6 address is tentative for a second or two: the next look finds it.
    const level = times === (isNotThereYet(cause) ? 2 : 1) ? 'warn' : 'debug';
    deps.log[level]({ address, cause }, 'tftp: one address is not listened at');
  };

  const rescan = async (): Promise<void> => {
    const wanted = new Set(expandListen(settings.host, addresses()));
    for (const [address, listener] of listeners) {
      if (wanted.has(address)) continue;
      listeners.delete(address);
      deps.log.info({ address }, 'tftp: the address is gone');
      await listener.stop(AbortSignal.abort());
    }
    for (const address of refusals.keys()) if (!wanted.has(address)) refusals.delete(address);
    for (const address of wanted) {
      if (listeners.has(address)) continue;
      await open(address).then(
        () => {
          deps.log.info({ address, port: settings.port }, 'tftp: listening at a new address');
        },
        (cause: unknown) => {
          onRefusal(address, asFailure(cause));
        },
      );
    }
  };

  const follow = createRepeater(deps.rescanMs ?? 5_000, rescan, (cause) => {
    deps.log.error({ cause }, 'tftp: the addresses of this host could not be followed');
  });

  return {
    name: 'tftp',
    listening: () => [...listeners.values()].map(({ address, port }) => ({ address, port })),
    transfers: () => slots.taken,
    async start() {
      const failures = new Map<string, Failure>();
      for (const address of expandListen(settings.host, addresses())) {
        await open(address).catch((cause: unknown) => {
          failures.set(address, asFailure(cause));
        });
      }
      if (listeners.size === 0) throw [...failures.values()][0] ?? noAddress(settings);
      for (const [address, cause] of failures) onRefusal(address, cause);
      if (settings.host === '0.0.0.0' || settings.host === '::') follow.start();
    },
    async stop(force) {
      await follow.stop();
      await Promise.all([...listeners.values()].map(async (listener) => listener.stop(force)));
      await deps.thread?.close();
      clearInterval(ticking);
      ticking = undefined;
      listeners.clear();
    },
  };
}

/** The host has the address, but the kernel does not give it out: it asks the network first whether another host has it. */
function isNotThereYet({ cause }: Failure): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRNOTAVAIL';
}

function noAddress(settings: TftpSettings): Failure {
  return new Failure('unavailable', `no address to listen at for ${settings.host}`, {
    remedy: 'give the host an address, or name one in PILOTLIGHT_TFTP_LISTEN',
  });
}
