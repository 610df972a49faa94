import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadAdminToken } from '../admin/auth/admin-token.ts';
import { clientKey } from '../admin/auth/client.ts';
import { openSessionBook } from '../admin/auth/session-book.ts';
import { openUsers } from '../admin/auth/users.ts';
import { createOperatorAuth } from '../admin/auth/operator-auth.ts';
import { linksElsewhere } from '../admin/client/remote.ts';
import { isEverywhere, ownUrl, serverNote } from '../admin/client/running-server.ts';
import { journalOff } from '../admin/service/health.ts';
import { watchNodes } from '../admin/service/known-nodes.ts';
import { followEdits } from '../admin/service/actor.ts';
import { AdminService } from '../admin/service/service.ts';
import { createVendors } from '../admin/service/vendors.ts';
import { allMissingImages } from '../boot/missing-images.ts';
import { createBootPrograms } from '../boot/boot-programs.ts';
import type { Incidents } from '../boot/incidents.ts';
import { profileSchemaFile } from '../catalog/profile-schema.ts';
import type { Catalog } from '../catalog/snapshot.ts';
import { type AppContext, likelyOrigin } from '../context/app-context.ts';
import { createClusterTokens, discoveryBase } from '../etcd/cluster-tokens.ts';
import { Discovery } from '../etcd/discovery.ts';
import { createDiscoveryHandler } from '../etcd/routes.ts';
import { leftovers } from '../files/leftovers.ts';
import { includes } from '../model/operator.ts';
import { createProxyTrust, peerOf } from '../http/client-address.ts';
import { show } from '../http/request.ts';
import { firmwareFolders } from '../images/boot-program-table.ts';
import { createFirmwareWatch, openFirmwareStore } from '../images/firmware.ts';
import { createJournal, NO_JOURNAL } from '../journal/create-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { createHostKeyService } from '../machines/identities.ts';
import { deadlineOf } from '../machines/mark.ts';
import { countBySeverity, type Failure } from '../model/failure.ts';
import type { Recorder } from '../model/journal-event.ts';
import { type Mac, machineKey } from '../model/machine.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import type { Log, Service } from '../model/service.ts';
import type { Neighbours } from '../net/neighbours.ts';
import { openTlsFiles } from '../net/tls-files.ts';
import { createPower } from '../power/power.ts';
import { createSyncService } from '../releases/sync-service.ts';
import { type Settings, version } from '../settings/settings.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createEventRecorder, type EventRecorderOptions } from './event-recorder.ts';
import { AddressTable, createBootWatch, createEventBus } from './events.ts';
import { healthOf, journalProblems, lookedUpOnce } from './health.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { createImageDelivery } from './image-delivery.ts';
import { createInstallFollower, installMarks } from './install-follower.ts';
import { openLan } from './lan.ts';
import { createLastResort, type FaultSource } from './last-resort.ts';
import { recallMachines, reconcile } from './reconcile.ts';
import { createLogRecorder } from './log-recorder.ts';
import { createReports } from './reports.ts';
import { watchRollouts } from './watch-rollouts.ts';

export interface ComposeOptions {
  readonly settings: Settings;
  readonly appContext: AppContext;
  readonly incidents: Incidents;
  readonly neighbours: Neighbours;
  readonly log: Log;
  /** How this program is started: then the release sync runs in a process of its own. */
  readonly self?: readonly string[] | undefined;
  /** Where faults arrive that nothing caught. */
  readonly faults?: FaultSource | undefined;
  /** The server cannot go on. */
  readonly giveUp?: ((why: Failure) => void) | undefined;
}

export interface Composed {
  /** In the order in which they start. */
  readonly services: readonly Service[];
  readonly http: HttpServer;
  /** Where operators have a listener of their own. */
  readonly operators: HttpServer | undefined;
  /** The card to which our DHCP server gave an address. */
  readonly leasedTo: (address: string) => Mac | undefined;
  /**
   * A link that logs one browser in, and the same for browsers on other hosts; only when the token was made just now, and
   * an operator must be told.
   */
  readonly firstLinks: () => readonly string[];
  /** Whether it was. */
  readonly isNew: boolean;
}

/** Wires the rooms by hand. Nothing listens before the services start. */
export async function compose(options: ComposeOptions): Promise<Composed> {
  const { settings, appContext, incidents, neighbours, log, self, faults, giveUp } = options;
  const { files, catalog, bootService, access, preview, imageStore, marks, identities, rollouts } = appContext;
  const birth = { version: version(), instance: randomUUID() };
  const bornAt = performance.now();
  const uptime = (): number => (performance.now() - bornAt) / 1000;
  const [listening, started] = [createMoment(), createMoment()];
  const journal = openJournal(settings, log, listening.passed);
  incidents.watch(({ facts, text }) => {
    if (machineKey(facts) !== undefined) journal.record({ kind: 'incident', at: Date.now(), facts, text });
  });
  const metrics = createMetrics({ version: birth.version });
  const addressTable = new AddressTable(() => performance.now());
  const boots = createBootWatch(appContext, log);
  const follower = createInstallFollower({ marks, rollouts, log });
  const eventRecorder = createEventRecorder({ recorder: journal, now: Date.now, deadlineOf: deadlines(catalog) });
  const listeners = createEventBus({ eventRecorder, follower, addressTable, metrics, boots, neighbours, log });
  const sync = createSyncService({
    ...{ settings, appContext, recorder: countedSync(journal, metrics), log, self },
    lastRun: async () => (await journal.syncRuns(1))[0],
  });
  const imageProblems = lookedUpOnce(
    () => allMissingImages(catalog.current(), likelyOrigin(settings), appContext.imageStore),
    () => performance.now(),
  );
  const lastResort = createLastResort({
    ...{ source: faults, log, now: Date.now },
    serves: () => http.address() !== undefined,
    giveUp: (why) => giveUp?.(why),
  });
  const { sender, ...delivery } = createImageDelivery({ settings, addressTable, after: started.passed, log });
  const firmware = openFirmwareStore(firmwareFolders(settings));
  const silentForLocal = settings.dhcp?.localBoot === 'silent';
  const bootPrograms = createBootPrograms({ bootService, firmware, silentForLocal });
  const httpPort = (): number => http.address()?.port ?? settings.http.port;
  const logRecorder = createLogRecorder({ catalog, journal, neighbours, now: Date.now });
  const lan = openLan({ settings, files, catalog, imageStore, bootPrograms, log, listeners, logRecorder, httpPort });
  const users = await openUsers({ files, log });
  const tls = settings.tls === undefined ? undefined : await openTlsFiles({ ...settings.tls, names: TLS_NAMES, log });
  const operatorFiles = settings.operator?.tls;
  const operatorTls = operatorFiles && (await openTlsFiles({ ...operatorFiles, names: OPERATOR_TLS_NAMES, log }));
  const { token, made } = await loadAdminToken(files, settings, log);
  const auth = createOperatorAuth({
    ...{ token, users, baseUrl: settings.operatorUrl ?? settings.baseUrl },
    book: await openSessionBook(files, log, Date.now),
  });
  followEdits(files);
  const adminService = new AdminService({
    ...{
      settings,
      files,
      catalog,
      preview,
      journal,
      marks,
      rollouts,
      imageStore,
      sync,
      log,
      version: birth.version,
      now: Date.now,
    },
    accounts: { users, sessions: auth.sessions },
    deliveries: { running: delivery.onTheWay },
    imagesThroughNode: () => sender.why(),
    power: createPower({ secrets: appContext.secrets, allowed: settings.powerCommands }),
    leases: () => lan.leases?.() ?? [],
    vendorOf: createVendors(),
    bootHint: (mac) => listeners.bootHint(mac),
    diagnostics: () => [
      ...[lastResort, lan, listeners, incidents, users, rollouts, tls, operatorTls].flatMap(
        (one) => one?.diagnostics() ?? [],
      ),
      ...appContext.tokenProblems,
    ],
    uptime,
  });
  const { dhcp } = lan;
  metrics.watch({
    machines: async () => (await journal.machines({ limit: 1 })).states,
    problems: () => countBySeverity(catalog.current().problems),
    journal: () => journal.status(),
    ...(dhcp && { dhcp: () => dhcp }),
  });
  watchRollouts({ rollouts, catalog, journal, metrics, log, now: Date.now });
  const discovery = new Discovery({
    store: journal.discovery,
    now: Date.now,
    random: () => randomBytes(16).toString('hex'),
  });
  const base = (): Origin => discoveryBase(settings, httpPort());
  const clusterTokens = createClusterTokens({ catalog, discovery, urls: appContext.clusters, base, log });
  const trusted = settings.trustedProxies ?? [];
  const httpOptions: HttpServerOptions = {
    ...{
      listen: settings.http,
      baseUrl: settings.baseUrl,
      operatorUrl: settings.operatorUrl,
      linkOrigin: settings.operator && (() => linkOrigin(settings, operators ?? http)),
      bootService,
      bootPrograms,
      imageStore,
      deliveries: delivery.deliveries,
      sender,
      adminService,
      auth,
      log,
    },
    proxies: trusted.length === 0 ? undefined : createProxyTrust(trusted),
    limits: { maxConnections: delivery.maxConnections },
    reports: createReports({ catalog, marks, access, journal, rollouts, unknown: settings.unknown, now: Date.now }),
    discovery: createDiscoveryHandler({
      ...{ discovery, base, log },
      isOperator: (req) => {
        const verdict = auth.check(req.headers, clientKey(req, settings.baseUrl));
        if (verdict.kind === 'wait') return { wait: verdict.seconds };
        // A browser's session would need a proof against forged requests: only programs with the token count here.
        if (verdict.kind !== 'access' || verdict.access.session !== undefined) return false;
        const look = req.method === 'GET' || req.method === 'HEAD';
        if (!includes(verdict.access.role, look ? 'viewer' : 'operator')) return false;
        const { who } = verdict.access;
        // Their addresses name the token, which is no secret from operators: they list them.
        const text = `${req.method ?? ''} ${show(req.url ?? '')}`;
        if (!look) journal.activity({ at: Date.now(), who, from: peerOf(req), action: 'discovery', text });
        return true;
      },
      onForgotten: () => {
        clusterTokens.again();
      },
      now: () => performance.now(),
    }),
    onActivity: (activity) => {
      journal.activity(activity);
    },
    metrics: { access: settings.metrics, render: async () => await metrics.render() },
    onAnswer: (event) => {
      listeners.answered(event);
    },
    onOperatorAnswer: (status) => {
      metrics.httpAnswered('operator', status);
    },
    profileSchema: profileSchemaFile(),
    health: async () => {
      const more = [
        ...marks.problems(),
        ...appContext.tokenProblems,
        ...journalProblems(journalOff({ journal, settings })),
      ];
      const images = await imageProblems();
      const health = healthOf(catalog.current(), birth.version, Math.round(uptime()), birth.instance, more, images);
      return { ...health, native: sender.why() === undefined };
    },
  };
  const { operator } = settings;
  const http = createHttpServer(operator === undefined ? httpOptions : { ...httpOptions, serves: 'machines' });
  const operators =
    operator &&
    createHttpServer({
      ...httpOptions,
      ...{ listen: operator.listen, serves: 'operators', tls: operatorTls, setting: 'PILOTLIGHT_OPERATOR_LISTEN' },
    });
  // There a machine is answered to the name that it asked for, which is the certificate's.
  const secured = { ...httpOptions, baseUrl: undefined, discovery: undefined };
  const https =
    settings.tls === undefined || tls === undefined
      ? []
      : [
          createHttpServer({
            ...secured,
            ...{ listen: settings.tls.listen, tls, serves: 'machines only', setting: 'PILOTLIGHT_TLS_LISTEN' },
          }),
          tls,
        ];
  return {
    // What is asked for must be there before a client asks: the servers come after what stands behind them.
    services: [
      leftovers(files, log),
      lastResort,
      metrics,
      journal,
      installMarks(marks, follower),
      reconcile(marks, journal, log),
      catalog,
      rollouts,
      users,
      createHostKeyService(catalog, identities, log),
      recallMachines(catalog, marks, journal, log),
      watchNodes(catalog, journal),
      boots,
      sender,
      http,
      ...(operators === undefined ? [] : [operators]),
      ...(operatorTls === undefined ? [] : [operatorTls]),
      ...https,
      // The journal's thread is half of the work of a start, and no machine waits for it.
      listening,
      serverNote(files, http, birth.instance, log),
      clusterTokens,
      createFirmwareWatch(firmware, log),
      ...lan.services,
      sync,
      started,
    ],
    http,
    operators,
    leasedTo: (address) => lan.leasedTo(address),
    isNew: made,
    firstLinks: () => (made ? linksFor(auth.newLink(linkOrigin(settings, operators ?? http)).url, http) : []),
  };
}

const OPERATOR_TLS_NAMES = { cert: 'PILOTLIGHT_OPERATOR_TLS_CERT', key: 'PILOTLIGHT_OPERATOR_TLS_KEY' };
const TLS_NAMES = { cert: 'PILOTLIGHT_TLS_CERT', key: 'PILOTLIGHT_TLS_KEY' };

/** A point in the order of the services. */
function createMoment(): Service & { readonly passed: Promise<void> } {
  let pass: (() => void) | undefined;
  return {
    name: 'moment',
    passed: new Promise((resolve) => (pass = resolve)),
    start() {
      pass?.();
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
}

function openJournal({ dataDir, journal }: Settings, log: Log, after: Promise<void>): Journal {
  if (!journal.on) return NO_JOURNAL;
  return createJournal({ file: join(dataDir, 'state', 'pilotlight.db'), days: journal.days, log, after });
}

function deadlines(catalog: Catalog): EventRecorderOptions['deadlineOf'] {
  return (name, at) => {
    const profile = catalog.current().profiles.get(name);
    return profile === undefined ? undefined : deadlineOf(profile, at);
  };
}

function countedSync(recorder: Recorder, metrics: Metrics): Pick<Recorder, 'sync'> {
  return {
    sync(step) {
      if (step.event.kind === 'done') metrics.syncEnded(step.event.report.failed, step.at);
      recorder.sync(step);
    },
  };
}

function linksFor(link: string, http: HttpServer): readonly string[] {
  const address = http.address();
  return address !== undefined && isEverywhere(address) ? [link, ...linksElsewhere(link)] : [link];
}

function linkOrigin(settings: Settings, http: HttpServer): Origin {
  const address = http.address();
  const scheme = settings.operator?.tls === undefined ? 'http' : 'https';
  const own = address === undefined ? undefined : originFromHost(new URL(ownUrl(address)).host, scheme);
  if (settings.operator !== undefined) return settings.operatorUrl ?? own ?? likelyOrigin(settings);
  return settings.operatorUrl ?? settings.baseUrl ?? own ?? likelyOrigin(settings);
}
