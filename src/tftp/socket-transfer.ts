import type { RemoteInfo, Socket } from 'node:dgram';
import { listener, type Log } from '../model/service.ts';
import type { RateLimit } from '../net/rate-limit.ts';
import { bindUdp, type Endpoint } from '../net/udp-socket.ts';
import { OPCODE, type OptionLimits, TFTP_ERROR, type TftpRequest } from './packet.ts';
import { Session, type SessionEnd } from './session.ts';
import type { TftpFile } from './source.ts';

/** A request that is to be answered with a file. */
export interface TransferJob {
  readonly request: TftpRequest;
  /** Closed when the transfer is over. */
  readonly content: TftpFile;
  readonly client: Endpoint;
  /** Our address that was asked. */
  readonly server: string;
  readonly limits: OptionLimits;
  /** The client acknowledged something that it had not before: at least the first time, and within a second of any. */
  readonly acknowledged: () => void;
  /** Called once. */
  readonly ended: (end: SessionEnd) => void;
  /** A bug: the transfer is to be ended. */
  readonly failed: (cause: unknown) => void;
}

/** A transfer under way, wherever its packets come and go. */
export interface RunningTransfer {
  /** When `tick` wants to be called. */
  readonly wakeAt: number;
  begin(): void;
  tick(now: number): void;
  /** A packet from the client; only where it came to the port of the requests. */
  receive(bytes: Buffer): void;
  /** The request came again. */
  again(): void;
  /** These three end it at once: from our side with an ERROR, for another transfer, or without a word. */
  stop(): void;
  giveWay(): void;
  drop(): void;
  /** After its end, whatever ended it. */
  close(): void;
}

export interface SocketTransferDeps {
  readonly log: Log;
  readonly now: () => number;
  readonly strangers: RateLimit;
  /** The port of the requests, where all traffic goes over that; else the transfer has a socket of its own. */
  readonly shared: Socket | undefined;
  readonly onError: (cause: Error) => void;
}

/** A transfer over dgram, in this thread. */
export async function socketTransfer(job: TransferJob, deps: SocketTransferDeps): Promise<RunningTransfer> {
  const { address, port } = job.client;
  const socket = deps.shared ?? (await bindUdp(job.server, 0, { onError: deps.onError }));
  const send = (packets: Buffer, size: number): void => {
    for (let at = 0; at < packets.length; at += size) socket.send(packets.subarray(at, at + size), port, address);
  };
  const session = new Session(job.request, job.content, {
    limits: job.limits,
    now: deps.now,
    send: listener(deps.log, 'tftp send', send),
    acknowledged: job.acknowledged,
    ended: job.ended,
  });
  const receive = (bytes: Buffer, from: RemoteInfo): void => {
    try {
      if (from.port === port && from.address === address) session.receive(bytes);
      else answerStranger(socket, bytes, from, deps);
    } catch (cause) {
      job.failed(cause);
    }
  };
  if (deps.shared === undefined) socket.on('message', receive);
  return Object.assign(session, {
    close: () => {
      if (deps.shared === undefined) socket.close();
    },
  });
}

/** RFC 1350 section 4: a client that sends to the port of another's transfer gets an ERROR, and the transfer goes on. */
function answerStranger(
  socket: Socket,
  bytes: Buffer,
  from: RemoteInfo,
  { strangers, now }: Pick<SocketTransferDeps, 'strangers' | 'now'>,
): void {
  if (!isForStrangers(bytes) || from.port === 0) return;
  if (strangers.allow(from.address, now())) socket.send(TFTP_ERROR.stranger, from.port, from.address);
}

/** An ERROR is never answered with one: two servers would go on for ever. */
export function isForStrangers(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[1] !== OPCODE.error;
}
