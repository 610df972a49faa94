import { type Access, type AccessOptions, createAccess } from '../boot/access.ts';
import { createBootService } from '../boot/answer.ts';
import type { BootService } from '../boot/boot-service.ts';
import { createInspector } from '../boot/inspector.ts';
import { type LivingCatalog, openCatalog } from '../catalog/catalog.ts';
import { ClusterUrls } from '../etcd/cluster-tokens.ts';
import { type DataRoot, openDataRoot } from '../files/data-root.ts';
import { openSecrets } from '../files/secret-file.ts';
import { ChunkCache } from '../images/chunk-cache.ts';
import { type ImageStore, openImageStore } from '../images/store.ts';
import { createSyncProgress, type SyncProgress } from '../images/sync-progress.ts';
import type { InstallMarks } from '../machines/claims.ts';
import { type Identities, openIdentities } from '../machines/identities.ts';
import { openInstallMarks } from '../machines/install-marks.ts';
import { openTokenSource } from '../machines/machine-token.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { logTarget, type Origin, originFromHost } from '../model/plan.ts';
import type { SecretReader } from '../model/secret.ts';
import { type Log, SILENT } from '../model/service.ts';
import { createRollouts, type RolloutService } from '../rollouts/rollouts.ts';
import type { Settings } from '../settings/settings.ts';

/** The rooms behind the servers, wired by hand: what `serve`, `check` and `render` share. */
export interface AppContext {
  readonly files: DataRoot;
  readonly secrets: SecretReader;
  readonly catalog: LivingCatalog;
  readonly imageStore: ImageStore;
  /** For the servers: an installer leaves with the machine's claim. */
  readonly bootService: BootService;
  /** Who may have what is one machine's alone; undefined for commands, which hand out nothing. */
  readonly access: Access | undefined;
  /** What a machine would get. Claims nothing, changes nothing. */
  readonly preview: BootService;
  readonly marks: InstallMarks;
  readonly identities: Identities;
  readonly rollouts: RolloutService;
  readonly clusters: ClusterUrls;
  /** What the release sync of this process does. */
  readonly syncProgress: SyncProgress;
  /** Why the key of machines' tokens does not last. */
  readonly tokenProblems: readonly FileDiagnostic[];
}

/** What a server knows of who asks it, and whom it tells when that is not right. */
export type Network = Pick<AccessOptions, 'isRouted' | 'leasedTo' | 'macOf' | 'onIncident'>;

/** It gives IPv4 addresses, and no router with any of them. */
function namesNoRouter({ dhcp }: Settings): boolean {
  return dhcp?.server !== undefined && dhcp.server.pools.length > 0 && dhcp.server.routers.length === 0;
}

/** No profile is read before `catalog.start()` (which also watches) or `catalog.refresh()`. */
export async function openContext(settings: Settings, log: Log, network?: Network): Promise<AppContext> {
  const files = await openFolder(settings);
  const secrets = openSecrets(files, settings.credentialsDir);
  const inspector = createInspector({
    origin: likelyOrigin(settings),
    logTo: logTarget(settings.syslog, likelyOrigin(settings)),
  });
  const catalog = openCatalog({ files, inspector, secrets, log });
  const imageStore = openImageStore(files, new ChunkCache(settings.imageCache));
  const marks = await openInstallMarks(files, log);
  const identities = openIdentities(files, log);
  const { installTries, unknown } = settings;
  const syncProgress = createSyncProgress();
  const downloadProgress = (profile: string): readonly string[] => syncProgress.linesFor(profile);
  const rollouts = createRollouts({ files, catalog, log, now: Date.now, elapsed: () => performance.now() });
  const clusters = new ClusterUrls();
  const behind = {
    catalog,
    imageStore,
    downloadProgress,
    marks,
    installTries,
    unknown,
    clusters,
    hostKeys: identities,
    tlsPort: settings.tls?.listen.port,
    secureBoot: settings.secureBoot,
    vlan: settings.vlan,
    noRouter: namesNoRouter(settings),
    syslog: settings.syslog,
  };
  const preview = createBootService(behind);
  const tokens = network === undefined ? undefined : await openTokenSource(files, log);
  const access =
    network === undefined || tokens === undefined
      ? undefined
      : createAccess({ ...network, marks, tokens, reports: settings.reports, now: Date.now });
  const bootService = createBootService({ ...behind, claims: marks, access, rollouts });
  const open = {
    files,
    secrets,
    catalog,
    imageStore,
    bootService,
    access,
    preview,
    marks,
    identities,
    rollouts,
    clusters,
  };
  return { ...open, syncProgress, tokenProblems: tokens?.problems ?? [] };
}

/** Told to the person who started us, not to machines: here the path helps. */
async function openFolder({ dataDir: dir, imagesDir }: Settings): Promise<DataRoot> {
  return await openDataRoot(dir, imagesDir).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    const how = error.code === 'invalid' ? 'name a folder' : 'create it, or name another';
    const remedy = `${how} with PILOTLIGHT_DATA_DIR or --data-dir`;
    throw new Failure(error.code, `${error.message}: ${dir}`, { remedy, cause: error });
  });
}

/** The context of a command that looks once and ends. */
export async function readContext(settings: Settings): Promise<AppContext> {
  const appContext = await openContext(settings, SILENT);
  await appContext.rollouts.reload();
  await appContext.catalog.refresh();
  return appContext;
}

/** The base URL as far as it can be known without a request. Only its length matters to most who ask. */
export function likelyOrigin(settings: Settings): Origin {
  if (settings.baseUrl !== undefined) return settings.baseUrl;
  const { host, port } = settings.http;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return originFromHost(`${name}:${port}`) ?? originFromHost('127.0.0.1') ?? unreachable();
}

function unreachable(): never {
  throw new TypeError('127.0.0.1 is a host');
}
