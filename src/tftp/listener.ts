import type { RemoteInfo, Socket } from 'node:dgram';
import { listener, type Log } from '../model/service.ts';
import { createRateLimit, type RateLimit } from '../net/rate-limit.ts';
import { bindUdp, closeUdp } from '../net/udp-socket.ts';
import { cleanFileName, OPCODE, type OptionLimits, parseRequest, TFTP_ERROR, type TftpRequest } from './packet.ts';
import type { Slot, Slots } from './slots.ts';
import { type RunningTransfer, socketTransfer, type TransferJob } from './socket-transfer.ts';
import type { TftpSource } from './source.ts';
import type { TransferThread } from './thread.ts';
import { type CrowdReport, reportEnd, type TransferEvent } from './transfer-event.ts';

export interface ListenerDeps {
  readonly source: TftpSource;
  readonly log: Log;
  readonly slots: Slots;
  readonly crowd: CrowdReport;
  readonly limits: OptionLimits;
  /** Carries the transfers that it can; undefined where libc is not called. */
  readonly thread: TransferThread | undefined;
  /** All traffic goes over the request port: behind a container's NAT nothing else comes through. */
  readonly singlePort: boolean;
  readonly now: () => number;
  /** Called for each request that was answered. */
  readonly onEnd: (event: TransferEvent) => void;
  /** Called when a transfer begins: from now on `tick` must be called. */
  readonly busy: () => void;
}

const STOPPING_SILENCE_MS = 30_000;

/**
 * One address that is listened at. Transfers answer from sockets bound to the same address: dgram cannot choose a
 * source address (IP_PKTINFO), and clients take answers only from where they asked.
 */
export class Listener {
  readonly address: string;
  readonly #deps: ListenerDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #strangers: RateLimit = createRateLimit({ perKey: 10, total: 100, keys: 256 });
  #socket: Socket | undefined;
  #accepting = false;
  #emptied: (() => void) | undefined;

  constructor(address: string, deps: ListenerDeps) {
    this.address = address;
    this.#deps = { ...deps, onEnd: listener(deps.log, 'tftp end', deps.onEnd) };
  }

  /** The bound port; 0 before `start`. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  async start(port: number): Promise<void> {
    this.#socket = await bindUdp(this.address, port, { onError: this.#socketError });
    this.#accepting = true;
    const receive = (bytes: Buffer, from: RemoteInfo): void => {
      // Port 0 may come (RFC 768 calls it "no port"), and nothing can be sent to it: dgram throws.
      if (from.port !== 0) this.#receive(bytes, from);
    };
    this.#socket.on('message', listener(this.#deps.log, 'tftp request', receive));
  }

  /** Takes no more requests; resolves when every transfer has ended. `force` cuts them. */
  async stop(force: AbortSignal): Promise<void> {
    this.#accepting = false;
    const cut = (): void => {
      for (const entry of [...this.#entries.values()]) {
        if (entry.transfer === undefined) this.#finish(entry);
        else entry.transfer.stop();
      }
    };
    if (force.aborted) cut();
    else force.addEventListener('abort', cut, { once: true });
    if (this.#entries.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    force.removeEventListener('abort', cut);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await closeUdp(socket);
  }

  /** Wakes what wants to be woken. */
  tick(now: number): void {
    for (const entry of this.#entries.values()) {
      const { transfer, slot } = entry;
      if (transfer === undefined) continue;
      try {
        // A server that stops waits for the clients that are there.
        if (!this.#accepting && (slot?.silence(now) ?? 0) > STOPPING_SILENCE_MS) transfer.stop();
        else if (transfer.wakeAt <= now) transfer.tick(now);
      } catch (cause) {
        this.#fault(entry, cause);
      }
    }
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (this.#deps.singlePort && bytes[1] !== OPCODE.rrq) {
      const entry = this.#entries.get(keyOf(from));
      if (entry !== undefined) entry.transfer?.receive(bytes);
      else if (bytes[1] === OPCODE.wrq) this.#reply(TFTP_ERROR.readOnly, from);
      return;
    }
    // What is no request gets no answer: a server that answers rubbish can be made to talk to itself.
    const opcode = bytes.length < 2 ? undefined : bytes.readUInt16BE(0);
    if (opcode === OPCODE.wrq) this.#reply(TFTP_ERROR.readOnly, from);
    if (opcode !== OPCODE.rrq) return;
    const request = parseRequest(bytes);
    if (request === undefined) this.#reply(TFTP_ERROR.illegal, from);
    else this.#request(request, bytes, from);
  }

  #request(request: TftpRequest, bytes: Buffer, client: RemoteInfo): void {
    const { log } = this.#deps;
    const key = keyOf(client);
    const earlier = this.#entries.get(key);
    if (earlier?.request.equals(bytes) === true) {
      earlier.transfer?.again();
      return;
    }
    if (!this.#accepting) return;
    if (request.mode !== 'octet' && request.mode !== 'netascii') {
      this.#reply(TFTP_ERROR.badMode, client);
      return;
    }
    const name = cleanFileName(request.name);
    if (name === undefined) {
      log.info({ client: client.address, file: printable(request.name) }, 'tftp: refused a file name');
      this.#reply(TFTP_ERROR.notFound, client);
      return;
    }
    // Old ROMs use one port for everything: a new request there means that the old transfer is forgotten.
    if (earlier !== undefined) {
      if (earlier.transfer === undefined) this.#finish(earlier);
      else earlier.transfer.drop();
    }
    const entry: Entry = { request: bytes, client, over: false };
    if (!this.#takeSlot(entry)) return;
    this.#entries.set(key, entry);
    this.#deps.busy();
    this.#open(entry, name, request).catch((cause: unknown) => {
      log.error({ client: client.address, file: name, cause }, 'tftp: the request could not be served');
      if (!entry.over) this.#reply(TFTP_ERROR.unreadable, client);
      this.#abandon(entry);
    });
  }

  /** Gives it a slot; false when there is none. */
  #takeSlot(entry: Entry): boolean {
    const { slots, crowd, now } = this.#deps;
    const { address } = entry.client;
    const slot = slots.take(address, now(), () => {
      crowd.displaced(address, now());
      if (entry.transfer === undefined) this.#finish(entry);
      else entry.transfer.giveWay();
    });
    if (slot === 'address') crowd.addressFull(address);
    else if (slot === 'all taken') crowd.dropped(address, now());
    else entry.slot = slot;
    return entry.slot !== undefined;
  }

  async #open(entry: Entry, name: string, request: TftpRequest): Promise<void> {
    const { source, log, limits, now } = this.#deps;
    const { client } = entry;
    const content = await source.open({
      name,
      options: request.options,
      client: { address: client.address, port: client.port },
      server: this.address,
    });
    if (content === undefined) {
      log.info({ client: client.address, file: name }, 'tftp: file not found');
      this.#deps.onEnd({ client: client.address, file: name, size: 0, ms: 0, end: 'not found' });
      if (!entry.over) this.#reply(TFTP_ERROR.notFound, client);
      this.#finish(entry);
      return;
    }
    const started = now();
    const transfer = await this.#carry({
      ...{ request, content, client, limits, server: this.address },
      acknowledged: () => {
        entry.slot?.acknowledged(now());
      },
      ended: (end) => {
        const about = {
          client: client.address,
          file: content.liesAt ?? name,
          size: content.size,
          ms: Math.round(now() - started),
        };
        // First, whatever the listeners do with it: its slot is for the next one.
        const forgotten = entry.over;
        this.#finish(entry);
        if (forgotten) return;
        reportEnd(log, end, about);
        this.#deps.onEnd({ ...about, end: end.kind });
      },
      failed: (cause) => {
        this.#fault(entry, cause);
      },
    }).catch(async (cause: unknown) => {
      await content.close();
      throw cause;
    });
    if (this.#isOver(entry)) {
      transfer.drop();
      transfer.close();
      return;
    }
    entry.transfer = transfer;
    transfer.begin();
  }

  async #carry(job: TransferJob): Promise<RunningTransfer> {
    const { log, now, singlePort, thread } = this.#deps;
    const shared = singlePort ? this.#socket : undefined;
    return (
      (singlePort ? undefined : thread?.carry(job)) ??
      (await socketTransfer(job, { log, now, shared, strangers: this.#strangers, onError: this.#socketError }))
    );
  }

  #isOver(entry: Entry): boolean {
    return entry.over;
  }

  /** A bug in one transfer: it ends, and the others go on. */
  #fault(entry: Entry, cause: unknown): void {
    this.#deps.log.error({ client: entry.client.address, cause }, 'tftp: a transfer failed');
    this.#abandon(entry);
  }

  /** Ends it whatever state it is in, so that its file, its socket and its slot are free. */
  #abandon(entry: Entry): void {
    try {
      entry.transfer?.drop();
    } catch (cause) {
      this.#deps.log.error({ client: entry.client.address, cause }, 'tftp: a transfer could not be ended well');
    }
    this.#finish(entry);
  }

  #finish(entry: Entry): void {
    if (entry.over) return;
    entry.over = true;
    const key = keyOf(entry.client);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    entry.slot?.release();
    entry.transfer?.close();
    if (this.#entries.size === 0) this.#emptied?.();
  }

  #reply(packet: Buffer, to: RemoteInfo): void {
    this.#socket?.send(packet, to.port, to.address);
  }

  readonly #socketError = (cause: Error): void => {
    this.#deps.log.warn({ address: this.address, cause }, 'tftp: socket error');
  };
}

/** A request being served. Its transfer is missing until the file is open. */
interface Entry {
  readonly request: Buffer;
  readonly client: RemoteInfo;
  over: boolean;
  slot?: Slot;
  transfer?: RunningTransfer;
}

/** Transfers are told apart by their client's address and port. */
function keyOf(client: RemoteInfo): string {
  return `${client.address} ${client.port}`;
}

/** A file's name for the log. */
function printable(name: string): string {
  return name.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
}
