import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { Delivery, AdminDeps } from '../../../src/admin/service/deps.ts';
import { Sessions } from '../../../src/admin/auth/sessions.ts';
import { openUsers } from '../../../src/admin/auth/users.ts';
import { AdminService } from '../../../src/admin/service/service.ts';
import { readContext, type AppContext } from '../../../src/context/app-context.ts';
import type { AdminOperations } from '../../../src/admin/service/service.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { JournalEvent } from '../../../src/model/journal-event.ts';
import type { MachineKey } from '../../../src/model/machine.ts';
import { SILENT } from '../../../src/model/service.ts';
import type { SyncRunView } from '../../../src/model/release-views.ts';
import type { BootView, RecordedMachine, MachinePage, MachineRow, TimelineEvent } from '../../../src/model/views.ts';
import type { FloodView } from '../../../src/model/views.ts';
import type { Losses } from '../../../src/journal/journal.ts';
import { createPower } from '../../../src/power/power.ts';
import { makeFolder, type FolderFiles } from '../../support/folder.ts';
import { settingsFor } from '../../support/app-context.ts';

export const MAC = '00:1b:21:00:00:01';
export const NOW = Date.UTC(2026, 10, 21, 12);

/** A journal that says what a test told it. */
export interface FakeJournal extends Omit<AdminDeps['journal'], never> {
  on: boolean;
  losses: Losses | undefined;
  flood: FloodView | undefined;
  readonly histories: Map<MachineKey, RecordedMachine>;
  readonly texts: Map<string, string>;
  runs: readonly SyncRunView[];
  readonly recorded: JournalEvent[];
  write(): void;
  readonly listening: () => number;
}

function fakeJournal(): FakeJournal {
  const listeners = new Set<(machines: ReadonlySet<MachineKey>) => void>();
  const journal: FakeJournal = {
    on: true,
    losses: undefined,
    flood: undefined,
    histories: new Map(),
    texts: new Map(),
    runs: [],
    recorded: [],
    write() {
      for (const listener of listeners) listener(new Set([MAC]));
    },
    listening: () => listeners.size,
    status: () => {
      const { on, losses, flood } = journal;
      const lost = losses === undefined ? 0 : losses.fast + losses.off + losses.mistakes;
      return {
        ...{ on, lost },
        ...(on ? {} : { why: 'the disk is gone' }),
        ...(losses === undefined ? {} : { losses }),
        ...(flood === undefined ? {} : { flood }),
      };
    },
    log: () => true,
    logLines: () => guarded(() => ({ lines: [], last: 0 })),
    know: () => undefined,
    activity: () => undefined,
    activities: () => guarded(() => []),
    record: (event) => {
      journal.recorded.push(event);
    },
    machines: () => guarded(() => pageOf([...journal.histories.values()].map(({ row }) => row))),
    machine: (key) => guarded(() => journal.histories.get(key)),
    sent: (digest) =>
      guarded(() => {
        const text = journal.texts.get(digest);
        return text === undefined ? undefined : Buffer.from(text);
      }),
    syncRuns: (limit) => guarded(() => journal.runs.slice(0, limit)),
    flushed: () => Promise.resolve(),
    onWritten(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
  async function guarded<T>(give: () => T): Promise<T> {
    if (!journal.on) throw new Failure('unavailable', 'the journal is off');
    return Promise.resolve(give());
  }
  return journal;
}

export function pageOf(machines: readonly MachineRow[]): MachinePage {
  const states = { unknown: 0, assigned: 0, booting: 0, up: 0, installing: 0, installed: 0, failed: 0 };
  for (const { state } of machines) states[state] += 1;
  return { machines, states, total: machines.length };
}

export function rowOf(more: Partial<MachineRow> = {}): MachineRow {
  return { key: MAC, mac: MAC, state: 'unknown', firstSeen: NOW - 60_000, lastSeen: NOW, boots: [], ...more };
}

export function eventOf(more: Partial<TimelineEvent> & Pick<TimelineEvent, 'kind'>): TimelineEvent {
  return { id: 1, at: NOW, text: `a ${more.kind}`, ok: true, times: 1, ...more };
}

export function bootOf(events: readonly TimelineEvent[], more: Partial<BootView> = {}): BootView {
  return { id: 1, at: NOW - 10_000, outcome: 'boot', events, ...more };
}

export interface AdminSetup extends AppContext {
  readonly dir: string;
  readonly adminService: AdminOperations;
  readonly deps: AdminDeps;
  readonly journal: FakeJournal;
  readonly deliveries: Delivery[];
  /** What is in a file now. */
  text(file: string): string;
}

/** An admin service over a folder that was made for this test. */
export async function adminSetup(files: FolderFiles, more: Partial<AdminDeps> = {}): Promise<AdminSetup> {
  const dir = makeFolder(files);
  const settings = settingsFor(dir, { journal: { on: true, days: 90 } });
  const appContext = await readContext(settings);
  onTestFinished(async () => {
    await appContext.marks.close();
  });
  const journal = fakeJournal();
  const deliveries: Delivery[] = [];
  const deps: AdminDeps = {
    settings,
    ...appContext,
    journal,
    accounts: {
      users: await openUsers({ files: appContext.files, log: SILENT, now: () => NOW }),
      sessions: new Sessions({ token: 'a token of sixteen letters', now: () => NOW, userSince: () => 0 }),
    },
    deliveries: { running: () => deliveries },
    sync: { progress: appContext.syncProgress, nextRun: () => undefined, runNow: () => true },
    leases: () => [],
    power: createPower({ secrets: appContext.secrets, allowed: [] }),
    vendorOf: (mac) => Promise.resolve(mac.startsWith('00:1b:21') ? 'Intel Corporate' : undefined),
    log: SILENT,
    version: '1.2.3',
    now: () => NOW,
    uptime: () => 61.4,
    ...more,
  };
  return {
    ...appContext,
    dir,
    deps,
    journal,
    deliveries,
    adminService: new AdminService(deps),
    text: (file) => readFileSync(join(dir, file), 'utf8'),
  };
}

/** A profile of which a machine can boot: its plan needs no image in the image store to be right. */
export function flatcar(nodes: readonly object[] = [], more: object = {}): string {
  const value = { system: 'flatcar', version: '4593.2.5', ...more, nodes };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
