import { Failure } from '../../model/failure.ts';
import { SILENT } from '../../model/service.ts';
import { type DataRoot, openDataRoot } from '../../files/data-root.ts';
import type { Settings } from '../../settings/settings.ts';
import { readToken, TOKEN_FILE } from '../auth/admin-token.ts';
import { findRunningServer } from './running-server.ts';
import { remoteClient } from './remote.ts';
import type { AdminClient } from './client.ts';
import { localClient } from './local.ts';

/**
 * Where a command asks: the server that runs on the data directory, else the directory. Throws Failure `refused` where a
 * server runs and its token may not be read: what is done behind its back would not be in its log.
 */
export async function openAdminClient(settings: Settings): Promise<AdminClient> {
  const files = await openDataRoot(settings.dataDir, settings.imagesDir).catch(() => undefined);
  const running = files === undefined ? undefined : await runningClient(files, settings);
  if (running !== undefined) return running;
  const adminClient = await localClient(settings);
  return {
    ...adminClient,
    async reinstall(machine) {
      const done = await adminClient.reinstall(machine);
      // A server that started meanwhile has read the mark before it went, and would keep it.
      const server = files === undefined ? undefined : await runningClient(files, settings);
      if (server !== undefined) await server.reinstall(done.key);
      return done;
    },
  };
}

async function runningClient(files: DataRoot, settings: Settings): Promise<AdminClient | undefined> {
  const server = await findRunningServer(files);
  return server === undefined ? undefined : remoteClient(server, await tokenFor(files, settings));
}

async function tokenFor(files: DataRoot, settings: Settings): Promise<string> {
  const remedy = 'run this as the user that runs the server, or give the token with PILOTLIGHT_ADMIN_TOKEN';
  try {
    const token = settings.adminToken ?? (await readToken(files, SILENT));
    if (token !== undefined) return token;
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code === 'broken') throw cause;
    throw new Failure('refused', `a server runs here, and ${TOKEN_FILE} cannot be read`, { remedy, cause });
  }
  throw new Failure('refused', `a server runs here, and there is no ${TOKEN_FILE}`, { remedy });
}
