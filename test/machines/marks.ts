import { type DataRoot, openDataRoot } from '../../src/files/data-root.ts';
import type { ClaimQuestion, Claims, InstallMarks } from '../../src/machines/claims.ts';
import { openInstallMarks } from '../../src/machines/install-marks.ts';
import type { Life } from '../../src/machines/life.ts';
import { type InstallIdentity, parseLabel } from '../../src/model/machine.ts';
import { type FolderFiles, makeFolder } from '../support/folder.ts';
import { factsOf } from '../support/app-context.ts';
import { type RecordedLog, recordLog } from '../support/http-server.ts';

export const NOON = Date.UTC(2026, 10, 21, 12);
export const MAC = '52:54:00:55:1c:ee';
export const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
export const TARGET = { profile: 'worker', disk: '/dev/sda' } as const;

/** A machine that was matched by its MAC. */
export function byMac(mac = MAC, uuid?: string): InstallIdentity {
  return { key: factsOf({ mac }).mac ?? '', also: [], machine: factsOf(uuid === undefined ? { mac } : { mac, uuid }) };
}

export function byUuid(uuid = UUID, mac?: string): InstallIdentity {
  return { key: `uuid:${uuid}`, also: [], machine: factsOf(mac === undefined ? { uuid } : { mac, uuid }) };
}

export function bySerial(serial: string): InstallIdentity {
  const label = parseLabel(serial);
  return { key: `serial:${serial}`, also: [], machine: label === undefined ? {} : { serial: label } };
}

/** A machine that asks for its installer. */
export function asking(who: InstallIdentity, address = '10.0.0.7', now = NOON): ClaimQuestion {
  const asker = { address, mac: who.machine.mac };
  return { who, target: TARGET, limit: 3, now, asker, file: 'c/initrd', blind: false, carries: false };
}

export async function claimAs(marks: Claims, who: InstallIdentity, address?: string, now?: number): Promise<Life> {
  const life = await marks.claim(asking(who, address, now));
  if (life === undefined) throw new TypeError('it asked for its own profile');
  return life;
}

/** Marks over a folder of their own, at a time that the test moves. */
export interface Setup {
  readonly dir: string;
  readonly files: DataRoot;
  readonly marks: InstallMarks;
  readonly log: RecordedLog;
  readonly clock: { now: number };
  /** The same folder after a restart. */
  readonly reopen: () => Promise<InstallMarks>;
}

export async function openSetup(content: FolderFiles = {}, retryMs?: number): Promise<Setup> {
  const dir = makeFolder(content);
  const files = await openDataRoot(dir);
  const log = recordLog();
  const clock = { now: NOON };
  const options = { now: () => clock.now, retryMs };
  const reopen = (): Promise<InstallMarks> => openInstallMarks(files, log, options);
  return { dir, files, log, clock, reopen, marks: await reopen() };
}
