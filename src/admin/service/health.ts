import { bytesText, plural, utcText } from '../../model/text.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { systemFailure } from '../../files/system-error.ts';
import { NO_JOURNAL } from '../../journal/create-journal.ts';
import type { Losses } from '../../journal/journal.ts';
import { type Diagnostic, Failure } from '../../model/failure.ts';
import { floodWords } from '../../model/flood.ts';
import type { SyncRunView } from '../../model/release-views.ts';
import type { HealthView } from '../../model/views.ts';
import { diskSpace } from '../../releases/draft.ts';
import { TOKEN_FILE } from '../auth/admin-token.ts';
import type { AdminDeps } from './deps.ts';
import { imageProblems } from './profiles.ts';

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'journal' | 'log' | 'now' | 'settings' | 'diagnostics'> & {
  readonly space?: typeof diskSpace;
};

const GIB = 2 ** 30;
const DAY_MS = 86_400_000;
/** No host that runs this is older: a clock before it was never set. */
const EARLIEST = Date.UTC(2025, 0, 1);

/** What is wrong with the server itself, errors first. */
export async function serverDiagnostics(deps: Deps): Promise<readonly Diagnostic[]> {
  const found = [
    ...journalDiagnostics(deps),
    ...(await diskDiagnostics(deps)),
    ...(await syncDiagnostics(deps)),
    ...(await tokenDiagnostics(deps.files)),
    ...clockDiagnostics(deps),
    ...(deps.settings.mistakes ?? []),
    ...(deps.diagnostics?.() ?? []),
  ];
  return found.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ severity }: Diagnostic): number {
  return severity === 'error' ? 0 : 1;
}

/** Why there is no journal, and what to do; undefined where there is one, or none is wanted. */
export function journalOff({ journal, settings }: Pick<Deps, 'journal' | 'settings'>): string | undefined {
  const { on, why } = journal.status();
  if (on || !settings.journal.on || journal === NO_JOURNAL) return undefined;
  return `the journal is off: ${why ?? 'it could not be opened'}`;
}

function journalDiagnostics({ journal, settings }: Deps): readonly Diagnostic[] {
  const { on, losses, flood } = journal.status();
  if (!on) {
    const message = journalOff({ journal, settings });
    if (message === undefined) return [];
    const remedy = 'machines boot all the same; mend what is named and restart the server';
    return [{ message, remedy, severity: 'error' }];
  }
  const found: Diagnostic[] = [];
  if (flood !== undefined) {
    const { what, remedy } = floodWords(flood);
    found.push({ severity: 'warning', message: what, remedy });
  }
  for (const [reason, { what, remedy }] of LOSSES) {
    const count = losses?.[reason] ?? 0;
    if (count > 0) found.push({ severity: 'warning', message: what(eventsText(count)), remedy });
  }
  return found;
}

/** Each with what helps against it. */
const LOSSES = [
  [
    'fast',
    {
      what: (events) => `the journal has lost ${events} since the start: they came faster than its disk writes`,
      remedy: 'move the data directory to a faster disk, or look for what asks so often',
    },
  ],
  [
    'off',
    {
      what: (events) => `the journal has lost ${events} since the start: it was off, or could not be written`,
      remedy: 'it is on again; the log says why it was not',
    },
  ],
  [
    'mistakes',
    {
      what: (events) => `the journal could not write ${events} because of a mistake in Pilotlight`,
      remedy: 'please report it with the lines of the log that say "the journal could not write an event"',
    },
  ],
] as const satisfies readonly (readonly [
  keyof Losses,
  { readonly what: (events: string) => string; readonly remedy: string },
])[];

function eventsText(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}

async function diskDiagnostics({ files, space = diskSpace }: Deps): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const folder of ['.', 'images'] as const) {
    const { free, total } = await spaceIn(files, folder, space);
    const sizes = `${free} ${total}`;
    // Mostly one disk: then it is said once.
    if (total === 0 || seen.has(sizes)) continue;
    seen.add(sizes);
    const part = free / total;
    if (part >= 0.05 && free >= GIB) continue;
    if (part >= 0.2) continue;
    const severity = part < 0.01 || free < GIB / 10 ? 'error' : 'warning';
    const where = folder === '.' ? 'the disk of the data directory' : 'the disk of images/';
    const message = `${where} is nearly full: ${bytesText(free)} of ${bytesText(total)} are free`;
    const remedy = 'free some space: `pilotlight images prune`, or a smaller PILOTLIGHT_KEEP_RELEASES';
    found.push({ message, remedy, severity });
  }
  return found;
}

async function spaceIn(files: DataRoot, folder: '.' | 'images', space: typeof diskSpace) {
  try {
    return await space(folder === '.' ? files.dir : await files.real(folder));
  } catch (error) {
    // A folder that is not there is a problem of the catalog's kind, and the sync makes it.
    systemFailure(error, folder);
    return { free: 0, total: 0 };
  }
}

async function syncDiagnostics({ journal, now, settings }: Deps): Promise<readonly Diagnostic[]> {
  if (!journal.status().on) return [];
  const over = (await journal.syncRuns(50)).filter(({ endedAt }) => endedAt !== undefined);
  const lastGood = over.findIndex(({ failed }) => failed === 0);
  const failing = over.slice(0, lastGood === -1 ? undefined : lastGood);
  const first = failing.at(-1);
  if (first !== undefined) {
    const message = `the release sync has failed since ${utcText(first.run)}: ${whyOf(failing[0])}`;
    const remedy = 'the Releases page and `pilotlight sync` say more; machines boot what is there';
    return [{ message, remedy, severity: 'warning' }];
  }
  const last = over[0];
  const notes = notesOf(last);
  if (settings.sync.schedule === undefined || last === undefined || now() - last.run < 8 * DAY_MS) return notes;
  const message = `the release sync ran last on ${utcText(last.run)}`;
  const remedy = 'look at PILOTLIGHT_SYNC, or start a run on the Releases page';
  return [{ message, remedy, severity: 'warning' }, ...notes];
}

/** What the last run told although nothing failed: a key that ends, a channel that stands still. */
function notesOf(run: SyncRunView | undefined): readonly Diagnostic[] {
  const messages = run?.steps.flatMap(({ event }) => (event.kind === 'note' ? [event.message] : [])) ?? [];
  const remedy = 'docs/releases.md says what it means';
  return [...new Set(messages)].map((note) => ({
    message: `the release sync says: ${note}`,
    remedy,
    severity: 'warning',
  }));
}

function whyOf(run: SyncRunView | undefined): string {
  const failed = run?.steps.flatMap(({ event }) =>
    event.kind === 'failed' ? [`${event.target}: ${event.message}`] : [],
  );
  return failed?.[0] ?? 'see its steps';
}

async function tokenDiagnostics(files: DataRoot): Promise<readonly Diagnostic[]> {
  try {
    const { handle } = await files.open(TOKEN_FILE);
    try {
      const mode = (await handle.stat()).mode & 0o777;
      if ((mode & 0o077) === 0) return [];
      const message = `others on this host may read ${TOKEN_FILE}`;
      return [{ message, remedy: `chmod 600 ${TOKEN_FILE}`, severity: 'warning' }];
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

function clockDiagnostics({ catalog, now }: Deps): readonly Diagnostic[] {
  const at = now();
  const remedy = 'set the clock (timedatectl set-ntp true): signatures and time limits are checked by it';
  if (at < EARLIEST) return [{ message: `the clock says ${utcText(at)}`, remedy, severity: 'error' }];
  const future = [...catalog.current().documents.values()].find(({ mtimeMs }) => mtimeMs > at + DAY_MS);
  if (future === undefined) return [];
  const message = `the clock says ${utcText(at)}, and ${future.file} is from ${utcText(future.mtimeMs)}`;
  return [{ message, remedy, severity: 'warning' }];
}

function syslogFact({ journal, settings: { syslog } }: Pick<Deps, 'journal' | 'settings'>): string {
  if (syslog === undefined) return 'off';
  const { strangeLines } = journal.status();
  const { lines, from } = strangeLines ?? { lines: 0, from: '' };
  return `port ${syslog.port}${lines === 0 ? '' : `, ${plural(lines, 'line')} of no known machine, the last from ${from}`}`;
}

function imagesFact({ imagesThroughNode }: AdminDeps): string {
  const why = imagesThroughNode === undefined ? 'the server does not run' : imagesThroughNode();
  return why === undefined ? 'sent by the kernel (sendfile)' : `sent through Node: ${why}`;
}

/** What is wrong, with remedies, and what an operator asks first. */
export async function healthView(deps: AdminDeps): Promise<HealthView> {
  const { catalog, files, journal, marks, settings } = deps;
  const snapshot = catalog.current();
  const nodes = [...snapshot.profiles.values()].reduce((sum, profile) => sum + profile.nodes.length, 0);
  const { free, total } = await diskSpace(files.dir);
  const images = await Promise.all([...snapshot.profiles.values()].map((profile) => imageProblems(deps, profile)));
  const { on, lost } = journal.status();
  const { host, port } = settings.http;
  const facts = [
    ['Profiles in force', String(snapshot.profiles.size)],
    ['Machines that they name', String(nodes)],
    ['Documents', String(snapshot.documents.size)],
    ['HTTP', `${host.includes(':') ? `[${host}]` : host}:${port}`],
    ['TFTP', settings.tftp === undefined ? 'off' : `port ${settings.tftp.listen.port}`],
    ['DHCP', settings.dhcp === undefined ? 'off' : settings.dhcp.server === undefined ? 'proxy' : 'server'],
    ['Syslog', syslogFact(deps)],
    ['Release sync', settings.sync.schedule ?? 'off'],
    ['Journal', on ? (lost === 0 ? 'on' : `on, ${lost} events lost`) : 'off'],
    ['Images', imagesFact(deps)],
    ['Disk', `${bytesText(free)} of ${bytesText(total)} free`],
    ['Memory', bytesText(process.memoryUsage.rss())],
    ['Node.js', process.versions.node],
  ] as const;
  return {
    version: deps.version,
    uptimeSeconds: Math.round(deps.uptime()),
    problems: [...marks.problems(), ...snapshot.problems, ...images.flat()],
    troubles: (await serverDiagnostics(deps)).map(({ severity, message, remedy = '' }) => ({
      what: message,
      remedy,
      severity,
    })),
    facts: facts.map(([name, value]) => ({ name, value })),
  };
}
