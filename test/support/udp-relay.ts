import { createSocket, type Socket } from 'node:dgram';

/** What the relay does to each packet. */
export interface RelayFaults {
  readonly random: () => number;
  readonly loss?: number;
  readonly duplicate?: number;
  /** Milliseconds, at least and at most: a span reorders. */
  readonly delay?: readonly [number, number];
}

export interface Relay {
  /** Where clients send to. */
  readonly port: number;
  /** Packets that it let through, and dropped. */
  readonly passed: () => number;
  readonly dropped: () => number;
  close(): void;
}

/**
 * A bad network between TFTP clients and a server on 127.0.0.1: each client gets one socket towards the server's
 * request port and, as soon as the server answers from another port, towards that.
 */
export async function udpRelay(target: number, faults: RelayFaults): Promise<Relay> {
  const front = await bound();
  const backs = new Map<number, { socket: Socket; peer: number }>();
  const timers = new Set<NodeJS.Timeout>();
  let passed = 0;
  let dropped = 0;
  let open = true;

  const forward = (send: () => void): void => {
    for (let copies = faults.random() < (faults.duplicate ?? 0) ? 2 : 1; copies > 0; copies -= 1) {
      if (faults.random() < (faults.loss ?? 0)) {
        dropped += 1;
        continue;
      }
      passed += 1;
      const [least, most] = faults.delay ?? [0, 0];
      const wait = least + faults.random() * (most - least);
      if (wait === 0) {
        send();
        continue;
      }
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (open) send();
      }, wait);
      timers.add(timer);
    }
  };

  const backFor = (client: number, restart: boolean): { socket: Socket; peer: number } => {
    const known = backs.get(client);
    if (known !== undefined) {
      if (restart) known.peer = target;
      return known;
    }
    const back = { socket: createSocket('udp4'), peer: target };
    back.socket.bind(0, '127.0.0.1');
    back.socket.on('message', (bytes, from) => {
      back.peer = from.port;
      forward(() => {
        front.send(bytes, client, '127.0.0.1');
      });
    });
    backs.set(client, back);
    return back;
  };

  front.on('message', (bytes, from) => {
    const back = backFor(from.port, bytes[1] === 1);
    forward(() => {
      back.socket.send(bytes, back.peer, '127.0.0.1');
    });
  });

  return {
    port: front.address().port,
    passed: () => passed,
    dropped: () => dropped,
    close() {
      open = false;
      for (const timer of timers) clearTimeout(timer);
      front.close();
      for (const { socket } of backs.values()) socket.close();
    },
  };
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket;
}
