import { createServer } from 'node:net';
import { Failure } from '../model/failure.ts';
import { bindUdp, closeUdp } from './udp-socket.ts';

/** Whether this program could listen there now. */
export type PortState = 'free' | 'taken' | 'denied' | 'no-address';

export interface PortProbe {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** As the DHCP door opens its ports: beside another server, if that one lets it. */
  readonly shared: boolean;
}

/** Opens the port, and closes it at once. */
export async function probePort({ protocol, host, port, shared }: PortProbe): Promise<PortState> {
  try {
    if (protocol === 'tcp') await openTcp(host, port);
    else await closeUdp(await bindUdp(host, port, { shared, onError: ignore }));
    return 'free';
  } catch (error) {
    const cause = error instanceof Failure ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') return 'taken';
    if (code === 'EACCES') return 'denied';
    return 'no-address';
  }
}

async function openTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}

function ignore(): void {
  // It is closed at once.
}
