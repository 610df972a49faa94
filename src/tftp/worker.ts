// The thread that sends files. It never comes back to Node's event loop: it waits by epoll, and calls libc.
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { Epoll, READABLE } from '../native/epoll.ts';
import { lentFile } from '../native/lent-file.ts';
import { loadLibc } from '../native/libc.ts';
import { PeerUdp, socketAddress } from '../native/udp.ts';
import { Failure } from '../model/failure.ts';
import { createRateLimit } from '../net/rate-limit.ts';
import { TFTP_ERROR } from './packet.ts';
import { Session } from './session.ts';
import { isForStrangers } from './socket-transfer.ts';
import type { Order, Report } from './thread.ts';

/** As often as the server itself looks. */
const TICK_MS = 20;
/** How late a process may end that does not say so before. */
const IDLE_MS = 1000;
const TOLD_MS = 1000;
/** More than any ACK or ERROR that means something. */
const LONGEST = 1024;

interface Sending {
  readonly session: Session;
  readonly socket: PeerUdp;
}

async function run(port: NonNullable<typeof parentPort>): Promise<void> {
  const native = await loadLibc();
  if ('why' in native) throw new Failure('unavailable', native.why);
  const { libc } = native;
  const epoll = new Epoll(libc);
  const sending = new Map<number, Sending>();
  const strangers = createRateLimit({ perKey: 10, total: 100, keys: 256 });
  const arrived = Buffer.alloc(LONGEST);
  const now = (): number => performance.now();
  let ending = false as boolean;

  const report = (message: Report): void => {
    port.postMessage(message);
  };

  const finish = (id: number): void => {
    const one = sending.get(id);
    if (one === undefined) return;
    sending.delete(id);
    epoll.remove(one.socket.fd);
    epoll.remove(one.socket.strangersFd);
    one.socket.close();
  };

  const begin = ({ id, request, size, descriptor, client, server, limits }: Order & { kind: 'begin' }): void => {
    const socket = new PeerUdp(libc, server, socketAddress(client.address, client.port));
    let toldAt = -Infinity;
    const session = new Session(
      request,
      { ...lentFile(descriptor), size, close: () => Promise.resolve() },
      {
        ...{ limits, now },
        send(packets, packetSize) {
          socket.sendAll(packets, packetSize);
        },
        acknowledged() {
          const at = now();
          if (at - toldAt < TOLD_MS) return;
          toldAt = at;
          report({ kind: 'acknowledged', id });
        },
        ended(end) {
          finish(id);
          report({ kind: 'ended', id, end });
        },
      },
    );
    sending.set(id, { session, socket });
    epoll.add(socket.fd, READABLE, 2 * id);
    epoll.add(socket.strangersFd, READABLE, 2 * id + 1);
    session.begin();
  };

  const obey = (order: Order): void => {
    switch (order.kind) {
      case 'begin':
        guarded(order.id, () => {
          begin(order);
        });
        break;
      case 'end':
        ending = true;
        break;
      case 'again':
      case 'stop':
      case 'giveWay':
      case 'drop':
        guarded(order.id, (one) => one?.session[order.kind]());
        break;
    }
  };

  const receive = ({ session, socket }: Sending): void => {
    const length = socket.receive(arrived);
    if (length >= 0) session.receive(arrived.subarray(0, length));
  };

  const answerStranger = ({ socket }: Sending): void => {
    const length = socket.receiveStranger(arrived);
    if (length < 0 || !isForStrangers(arrived.subarray(0, length))) return;
    if (strangers.allow(socket.stranger.toString('hex', 4), now())) socket.answerStranger(TFTP_ERROR.stranger);
  };

  /** A bug in one transfer, or a port that cannot be opened: it ends, and the others go on. */
  const guarded = (id: number, work: (one: Sending | undefined) => void): void => {
    try {
      work(sending.get(id));
    } catch (cause) {
      finish(id);
      report({ kind: 'failed', id, cause });
    }
  };

  report({ kind: 'ready', wakeFd: epoll.wakeFd });
  let tickAt = 0;
  while (!ending) {
    const woken = epoll.wait(sending.size > 0 ? TICK_MS : IDLE_MS, (ready) => {
      guarded(ready >>> 1, (one) => {
        if (one !== undefined) (ready % 2 === 0 ? receive : answerStranger)(one);
      });
    });
    if (woken) for (let next; (next = receiveMessageOnPort(port)) !== undefined;) obey(next.message as Order);
    const time = now();
    if (time < tickAt) continue;
    tickAt = time + TICK_MS;
    // What promises have left to do: it would wait for an event loop that is never reached.
    await Promise.resolve();
    for (const [id, { session }] of sending) {
      if (session.wakeAt > time) continue;
      guarded(id, () => {
        session.tick(time);
      });
    }
  }
  for (const { session } of [...sending.values()]) session.stop();
  epoll.close();
}

if (parentPort !== null) {
  run(parentPort).catch((cause: unknown) => {
    // As any error that nothing caught: it ends this thread, and the other one is told.
    setImmediate(() => {
      throw cause;
    });
  });
}
