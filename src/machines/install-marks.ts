import { Failure } from '../domain/failure.ts';
import type { Log } from '../domain/log.ts';
import type { MachineKey } from '../domain/machine.ts';
import type { DataRoot } from '../files/data-root.ts';
import { MarkIndex } from './mark-index.ts';
import { markFileName, markText, MARKS_FOLDER } from './mark-file.ts';
import { MarkWriter } from './mark-writer.ts';
import { BLIND_MS, triesOf, type InstallIdentity, type InstallMark, type InstallTarget } from './mark.ts';
import { brokenMark, readMarks } from './read-marks.ts';

/** What the desk asks: how far the installation of a machine is. */
export interface MarkView {
  /** Grows with every change that may change an answer. */
  generation(): number;
  of(who: InstallIdentity): InstallMark | undefined;
}

/** Nothing is installed: for a desk that is asked about profiles alone. */
export const NO_MARKS: MarkView = { generation: () => 0, of: () => undefined };

/**
 * Which machines are being installed and which are installed: one small file each in state/machines/, so that losing
 * the journal never installs a machine again. In memory at once, on the disk a moment later.
 */
export interface InstallMarks extends MarkView {
  /**
   * An install script went out. `blind`: nothing of that installation can be seen from here. Resolves as `installed`.
   */
  offered(who: InstallIdentity, offer: InstallTarget & { readonly blind: boolean }): Promise<void>;
  /**
   * The machine has all that its installer needs: a try is used up. Nothing without a script before it. Resolves as
   * `installed`.
   */
  begun(who: InstallIdentity): Promise<void>;
  /** Its disk is in charge from now on. Resolves when that is on the disk, or cannot be put there for now. */
  installed(who: InstallIdentity, target: InstallTarget): Promise<void>;
  /** Lets it be installed again, with all tries. False when there was nothing to forget. Resolves as `installed`. */
  forget(who: InstallIdentity): Promise<boolean>;
  all(): readonly InstallMark[];
  /** Writes what is not on the disk yet, once more. */
  close(): Promise<void>;
}

export interface InstallMarksOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly retryMs?: number;
  /** More machines than any network has: what asks under invented names must not fill the disk. */
  readonly most?: number;
}

const MOST_MARKS = 100_000;
const MOST_OFFERS = 10_000;

/** Reads state/machines/. What cannot be understood counts as installed: a broken file never costs a disk. */
export async function openInstallMarks(
  files: DataRoot,
  log: Log,
  { now = Date.now, retryMs, most = MOST_MARKS }: InstallMarksOptions = {},
): Promise<InstallMarks> {
  const { marks, broken, unreadable } = await readMarks(files);
  const remedy = 'mend or remove the file and restart, or `pilotlight reinstall` the machine if its disk may be wiped';
  for (const { file, why } of broken)
    log.error({ file, why, remedy }, "a machine's mark is broken: it counts as installed");
  if (unreadable !== undefined) {
    log.error({ folder: MARKS_FOLDER, why: unreadable }, 'the marks cannot be read: every machine counts as installed');
  }
  return keepMarks({ index: new MarkIndex(marks), writer: new MarkWriter(files, log, retryMs), unreadable, now, most });
}

interface Kept {
  readonly index: MarkIndex;
  readonly writer: MarkWriter;
  readonly unreadable: string | undefined;
  readonly now: () => number;
  readonly most: number;
}

function keepMarks({ index, writer, unreadable, now, most }: Kept): InstallMarks {
  // Scripts of which nothing has come yet, oldest first. Lost in a restart, and no try with them.
  const offers = new Map<MachineKey, InstallTarget>();
  let generation = 0;

  function of(who: InstallIdentity): InstallMark | undefined {
    const found = index.find(who);
    if (found !== undefined || unreadable === undefined) return found;
    return brokenMark(who, `state/machines cannot be read: ${unreadable}`);
  }

  function put(mark: InstallMark): Promise<void> {
    const name = markFileName(mark.key);
    if (!index.has(name) && index.size >= most) {
      throw new Failure('unavailable', `${MARKS_FOLDER} holds ${String(most)} machines, which is the most`, {
        remedy: 'remove the files of machines that are gone, and restart',
      });
    }
    index.set(name, mark);
    generation += 1;
    return writer.put(name, markText(mark));
  }

  /** One more try, which begins at `begun`. */
  async function tried(who: InstallIdentity, target: InstallTarget, begun: number): Promise<void> {
    const old = of(who);
    if (old?.state === 'installed') return;
    const before = triesOf(old, target, now());
    const since = old === undefined || before === 0 ? begun : old.since;
    const { profile, disk } = target;
    const key = old?.key ?? who.key;
    await put({ key, machine: who.machine, state: 'installing', since, tries: before + 1, begun, profile, disk });
  }

  return {
    generation: () => generation,
    of,
    all: () => index.all(),
    close: () => writer.close(),
    async offered(who, { blind, profile, disk }) {
      offers.delete(who.key);
      if (blind) {
        await tried(who, { profile, disk }, now() + BLIND_MS);
        return;
      }
      offers.set(who.key, { profile, disk });
      for (const oldest of offers.keys()) {
        if (offers.size <= MOST_OFFERS) break;
        offers.delete(oldest);
      }
    },
    async begun(who) {
      const target = offers.get(who.key);
      if (target === undefined) return;
      offers.delete(who.key);
      await tried(who, target, now());
    },
    async installed(who, { profile, disk }) {
      offers.delete(who.key);
      const old = of(who);
      if (old?.state === 'installed' && old.broken === undefined) return;
      const { tries, begun } = old ?? { tries: 0 };
      const key = old === undefined || old.broken !== undefined ? who.key : old.key;
      const when = begun === undefined ? {} : { begun };
      await put({ key, machine: who.machine, state: 'installed', since: now(), tries, ...when, profile, disk });
    },
    async forget(who) {
      offers.delete(who.key);
      const gone = index.remove(who);
      if (gone.length > 0) generation += 1;
      await Promise.all(gone.map((name) => writer.put(name, undefined)));
      return gone.length > 0;
    },
  };
}
