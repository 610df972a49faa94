import type { DataRoot } from '../files/data-root.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { type InstallIdentity, isSameUuid, type MachineKey, omitUndefined } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import type { ClaimQuestion, InstallMarks, LifeQuestion } from './claims.ts';
import { type Life, lifeOf } from './life.ts';
import { markFileName, MARKS_FOLDER, readMarks } from './mark-file.ts';
import { LOST, markProblems, StateMarker } from './state-marker.ts';
import { MarkStore } from './mark-store.ts';
import {
  type Asker,
  BLIND_MS,
  type Claim,
  type InstallMark,
  type InstallTarget,
  type RefusedReport,
  triesOf,
  isOpen,
  cardsOf,
} from './mark.ts';

export interface InstallMarksOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly retryMs?: number;
  /** More machines than any network has: what asks under invented names must not fill the disk. */
  readonly most?: number;
}

const RETRY_MS = 10_000;
const MOST_MARKS = 100_000;

/** Reads state/machines/. What cannot be understood is never a reason to install: that machine waits. */
export async function openInstallMarks(
  files: DataRoot,
  log: Log,
  { now = Date.now, retryMs = RETRY_MS, most = MOST_MARKS }: InstallMarksOptions = {},
): Promise<InstallMarks> {
  const { marks, broken, unreadable } = await readMarks(files);
  const remedy = 'mend or remove the file and restart, or `pilotlight reinstall` the machine if its disk may be wiped';
  for (const { file, why } of broken) log.error({ file, why, remedy }, "a machine's mark is broken: the machine waits");
  if (unreadable !== undefined) {
    log.error({ folder: MARKS_FOLDER, why: unreadable }, 'the marks cannot be read: no machine is installed');
  }
  const store = new MarkStore({ files, log, most, retryMs });
  store.load(marks, unreadable);
  const marker = new StateMarker(files, log);
  await marker.read();
  if (marker.lost) log.error({ problem: LOST }, 'no machine is installed');
  return new KeptMarks(store, marker, now);
}

class KeptMarks implements InstallMarks {
  readonly #store: MarkStore;
  readonly #marker: StateMarker;
  readonly #now: () => number;
  readonly onces = new Set<MachineKey>();

  constructor(store: MarkStore, marker: StateMarker, now: () => number) {
    this.#store = store;
    this.#findOnces();
    this.#marker = marker;
    this.#now = now;
  }

  async start(): Promise<void> {
    await this.#store.start();
    this.#findOnces();
    await this.#marker.read();
    // From before there was a marker.
    if (this.all().some(({ state, broken }) => state === 'installed' && broken === undefined)) await this.#marker.set();
  }

  trouble(): string | undefined {
    return this.#store.trouble;
  }

  problems(): readonly FileDiagnostic[] {
    return markProblems(this.trouble(), this.#lost(), this.all());
  }

  async accept(): Promise<boolean> {
    if (!this.#marker.lost) return false;
    const trouble = this.trouble();
    if (trouble !== undefined) throw new Failure('unavailable', trouble);
    await this.#marker.accept();
    return true;
  }

  #lost(): string | undefined {
    return this.#marker.lost ? LOST : undefined;
  }

  all(): readonly InstallMark[] {
    return this.#store.index.all();
  }

  of(who: InstallIdentity): InstallMark | undefined {
    return this.#store.index.relate(who).own;
  }

  life({ who, listed, target, limit, now, once }: LifeQuestion, asker?: Asker): Life {
    const related = this.#store.index.relate(who, listed);
    return lifeOf({ related, target, asker, limit, now, once, trouble: this.trouble() ?? this.#lost() });
  }

  async claim(question: ClaimQuestion): Promise<Life | undefined> {
    const { who, target, asker, now, file, blind, carries, limit, listed, once } = question;
    for (;;) {
      const busy = this.#store.busyWith(who);
      if (busy !== undefined) {
        await busy;
        continue;
      }
      const { own } = this.#store.index.relate(who, listed);
      if (once === 'pending' && !isToBoot(own, target.profile)) return undefined;
      const life = this.life(question, asker);
      if (life.kind !== 'install') return life;
      if (life.again === true) return withTokens(life, own?.tokens);
      const claim: Claim = { ...asker, at: now, ...(file === undefined ? {} : { file }) };
      const goesOn = once !== 'pending' && isOpen(own);
      const tries = goesOn ? triesOf(own, target, now) : 0;
      // What the installer of an earlier try was handed counts until it reports or an operator says otherwise.
      const tokens = goesOn ? own?.tokens : carries ? now : undefined;
      const single = once === 'pending' && own?.once ? { once: { ...own.once, used: now } } : onceOf(own);
      const of = { ...target, claim, ...(tokens === undefined ? {} : { tokens }), ...single };
      const base = { ...this.#known(who, own), ...of };
      const mark: InstallMark = blind
        ? { ...base, state: 'installing', since: now, tries: tries + 1, begun: now + BLIND_MS }
        : { ...base, state: 'claimed', since: now, tries };
      try {
        await this.#store.change({ name: markFileName(mark.key), mark, otherwise: 'undone' });
      } catch (error) {
        if (error instanceof Failure) return { kind: 'unknown', why: error.message };
        throw error;
      }
      return withTokens({ kind: 'install', target, attempt: tries + 1, limit }, tokens);
    }
  }

  saw(who: InstallIdentity, listed: boolean): void {
    const { own, conflict, other } = this.#store.index.relate(who);
    const mark = own ?? other?.mark;
    const { mac, uuid, serial } = who.machine;
    if (mark === undefined) {
      const facts = [mac, uuid, serial].filter((fact) => fact !== undefined);
      if (!listed || facts.length < 2) return;
      this.#store.remember(seen(who, this.#now()));
      return;
    }
    if (mark.broken !== undefined || conflict || other?.by === 'nic') return;
    const macs = cardsOf(mark, mac);
    const machine = own === undefined ? mark.machine : omitUndefined({ uuid, serial, ...mark.machine });
    if (macs === mark.macs && Object.keys(machine).length === Object.keys(mark.machine).length) return;
    this.#store.remember({ ...mark, machine, ...(macs === undefined ? {} : { macs }) });
  }

  async fetched(address: string, file: string): Promise<void> {
    const waiting = [...this.#store.index.waitingFor(address, file)];
    // Several machines may share an address (a proxy, NAT): the one that has waited longest is taken for it.
    const [first] = waiting.sort((a, b) => (a.claim?.at ?? 0) - (b.claim?.at ?? 0));
    if (first !== undefined) await this.begun({ key: first.key, also: [], machine: {} });
  }

  async begun(who: InstallIdentity): Promise<void> {
    await this.#store.alone(who, async () => {
      const own = this.of(who);
      if (own?.state !== 'claimed') return;
      const begun = this.#now();
      const mark: InstallMark = { ...own, state: 'installing', since: begun, tries: own.tries + 1, begun };
      await this.#store.change({ name: markFileName(own.key), mark, otherwise: 'kept' });
    });
  }

  async installed(who: InstallIdentity, target: InstallTarget): Promise<void> {
    await this.#store.alone(who, async () => {
      const { own: found, conflict, other } = this.#store.index.relate(who);
      // Another card of a machine whose installer left: it is that one that is done.
      const own = found === undefined && other?.by !== 'nic' && isOpen(other?.mark) ? other?.mark : found;
      if (own?.state === 'erase-pending' || (own?.state === 'installed' && own.broken === undefined)) {
        if (this.#store.isUnwritten(markFileName(own.key))) await this.#store.again(own);
        return;
      }
      const damaged = own?.broken !== undefined || conflict;
      const base = damaged ? { key: who.key, machine: who.machine } : this.#known(who, own);
      const { tries, begun } = own === undefined || damaged ? { tries: 0 } : own;
      const aim = own !== undefined && isOpen(own) ? own : target;
      const when = { ...(begun === undefined ? {} : { begun }), ...tokensOf(own) };
      const { profile, disk } = aim;
      const mark: InstallMark = {
        ...base,
        state: 'installed',
        since: this.#now(),
        tries,
        ...when,
        profile,
        disk,
        ...onceOf(own),
      };
      await this.#store.change({ name: markFileName(mark.key), mark, otherwise: 'kept' });
      await this.#marker.set();
    });
  }

  async refused(who: InstallIdentity, report: RefusedReport): Promise<void> {
    await this.#store.alone(who, async () => {
      const own = this.of(who);
      if (own === undefined || !isOpen(own)) return;
      if (own.refused !== undefined) {
        if (this.#store.isUnwritten(markFileName(own.key))) await this.#store.again(own);
        return;
      }
      await this.#store.change({ name: markFileName(own.key), mark: { ...own, refused: report }, otherwise: 'kept' });
    });
  }

  async reinstall(who: InstallIdentity, target: InstallTarget): Promise<void> {
    await this.#store.alone(who, async () => {
      const [first, ...more] = this.#namedBy(who);
      const own = first === undefined ? undefined : this.#store.index.get(first);
      // The others first: until the last step one of them keeps the disk. What was made for another UUID stays.
      for (const name of more) {
        const uuid = this.#store.index.get(name)?.machine.uuid;
        if (uuid !== undefined && own?.machine.uuid !== undefined && !isSameUuid(uuid, own.machine.uuid)) continue;
        await this.#store.change({ name, mark: undefined, otherwise: 'undone' });
      }
      const base = this.#known(who, own?.broken === undefined ? own : undefined);
      // What is on the disk still says that it is up.
      const until = { ...tokensOf(own), ...target };
      const mark: InstallMark = { ...base, state: 'erase-pending', since: this.#now(), tries: 0, ...until };
      await this.#store.change({ name: markFileName(mark.key), mark, otherwise: 'undone' });
      // Last: without either of them a machine that asks in between would get an installer, and another one after that.
      if (first !== undefined && markFileName(mark.key) !== first) {
        await this.#store.change({ name: first, mark: undefined, otherwise: 'undone' });
      }
    });
  }

  async cancel(who: InstallIdentity): Promise<boolean> {
    return await this.#store.alone(who, async () => {
      const own = this.#named(who);
      if (own?.state !== 'erase-pending') return false;
      const mark: InstallMark = { ...own, state: 'installed', since: this.#now() };
      await this.#store.change({ name: markFileName(own.key), mark, otherwise: 'kept' });
      return true;
    });
  }

  async bootOnce(who: InstallIdentity, profile: string, disk?: string): Promise<void> {
    await this.#store.alone(who, async () => {
      const own = this.#named(who);
      if (own?.broken !== undefined) throw new Failure('unavailable', own.broken);
      if (own?.state === 'erase-pending') {
        const remedy = `\`pilotlight reinstall ${own.key} --cancel\` takes that back`;
        throw new Failure('conflict', 'it will be erased and installed at its next boot', { remedy });
      }
      const since = this.#now();
      const once = { profile, since, ...(disk === undefined ? {} : { disk }) };
      const mark: InstallMark = { ...(own ?? seen(who, since)), once };
      await this.#store.change({ name: markFileName(mark.key), mark, otherwise: 'undone' });
      this.onces.add(mark.key);
    });
  }

  #findOnces(): void {
    for (const { key, once } of this.all()) if (once !== undefined) this.onces.add(key);
  }

  async cancelOnce(who: InstallIdentity): Promise<boolean> {
    return await this.#store.alone(who, async () => {
      const own = this.#named(who);
      if (own?.once === undefined || own.once.used !== undefined) return false;
      const mark = omitUndefined({ ...own, once: undefined });
      await this.#store.change({ name: markFileName(own.key), mark, otherwise: 'undone' });
      return true;
    });
  }

  async takeOnce(who: InstallIdentity, profile: string): Promise<boolean> {
    return await this.#store.alone(who, async () => {
      const own = this.of(who);
      if (own?.once === undefined || !isToBoot(own, profile)) return false;
      const mark: InstallMark = { ...own, once: { ...own.once, used: this.#now() } };
      await this.#store.change({ name: markFileName(own.key), mark, otherwise: 'undone' });
      return true;
    });
  }

  async release(who: InstallIdentity): Promise<boolean> {
    return await this.#store.alone(who, async () => {
      const own = this.#named(who);
      if (own === undefined || !isOpen(own)) return false;
      const { once, key, machine, macs } = own;
      const still = once !== undefined && once.used === undefined;
      const mark = still ? omitUndefined({ ...seen({ key, machine }, this.#now()), macs, once }) : undefined;
      await this.#store.change({ name: markFileName(own.key), mark, otherwise: 'undone' });
      return true;
    });
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /** The marks of the machine that an operator names. By a UUID or a serial number it is the one that has it. */
  #namedBy(who: InstallIdentity): readonly string[] {
    const names = this.#store.index.names(who);
    const other = who.machine.mac === undefined ? this.#store.index.relate(who).other?.mark : undefined;
    return names.length > 0 || other === undefined ? names : [markFileName(other.key)];
  }

  #named(who: InstallIdentity): InstallMark | undefined {
    const [name] = this.#namedBy(who);
    return name === undefined ? undefined : this.#store.index.get(name);
  }

  /** The machine as its mark shall know it from now on. */
  #known(who: InstallIdentity, own: InstallMark | undefined): Pick<InstallMark, 'key' | 'machine' | 'macs'> {
    if (own === undefined) return { key: who.key, machine: who.machine };
    const machine = { ...who.machine, ...own.machine };
    const macs = cardsOf({ machine, macs: own.macs }, who.machine.mac);
    return { key: own.key, machine, macs };
  }
}

/** No more than that it was seen. */
function seen({ key, machine }: Pick<InstallMark, 'key' | 'machine'>, since: number): InstallMark {
  return { key, machine, state: 'seen', since, tries: 0, profile: '', disk: '' };
}

/** The one boot of another profile that an operator asked for, as long as it is not used up. */
function isToBoot(mark: InstallMark | undefined, profile: string): boolean {
  return mark?.once?.profile === profile && mark.once.used === undefined && mark.broken === undefined;
}

function onceOf(mark: InstallMark | undefined): Pick<InstallMark, 'once'> {
  return mark?.once === undefined ? {} : { once: mark.once };
}

function tokensOf(mark: InstallMark | undefined): Pick<InstallMark, 'tokens'> {
  return mark?.tokens === undefined ? {} : { tokens: mark.tokens };
}

/** `tokens`: of which installation they are. */
function withTokens(life: Extract<Life, { kind: 'install' }>, tokens: number | undefined): Life {
  return tokens === undefined ? life : { ...life, tokens };
}
