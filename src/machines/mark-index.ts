import type { Mac } from '../domain/mac.ts';
import { markFileName } from './mark-file.ts';
import type { InstallIdentity, InstallMark } from './mark.ts';

/** The marks in memory, found by any name that is the machine's own. */
export class MarkIndex {
  /** By file name. */
  readonly #marks = new Map<string, InstallMark>();
  /** The file names of marks that were made for a machine with this MAC. */
  readonly #byMac = new Map<Mac, Set<string>>();

  constructor(marks: ReadonlyMap<string, InstallMark>) {
    for (const [name, mark] of marks) this.set(name, mark);
  }

  get size(): number {
    return this.#marks.size;
  }

  has(name: string): boolean {
    return this.#marks.has(name);
  }

  all(): readonly InstallMark[] {
    return [...this.#marks.values()];
  }

  /** The machine's mark. Of several (it was known by one name, then by another) one that says installed. */
  find(who: InstallIdentity): InstallMark | undefined {
    const marks = this.#names(who).flatMap((name) => this.#marks.get(name) ?? []);
    return marks.find(({ state }) => state === 'installed') ?? marks[0];
  }

  set(name: string, mark: InstallMark): void {
    this.#drop(name);
    this.#marks.set(name, mark);
    const { mac } = mark.machine;
    if (mac === undefined) return;
    const names = this.#byMac.get(mac) ?? new Set();
    this.#byMac.set(mac, names.add(name));
  }

  /** Removes all marks of the machine. Gives their file names. */
  remove(who: InstallIdentity): readonly string[] {
    const names = this.#names(who);
    for (const name of names) this.#drop(name);
    return names;
  }

  /**
   * By what decided, by what else the profile knows the machine by; and a mark that was made for this MAC when the
   * machine was matched by something else (by the default profile, before a node named its UUID). A MAC moves with its
   * card, so a UUID that differs makes it another machine. A UUID alone never leads to a mark: cheap boards share one.
   */
  #names({ key, also, machine }: InstallIdentity): readonly string[] {
    const own = [key, ...also].map(markFileName);
    const before = machine.mac === undefined ? [] : [...(this.#byMac.get(machine.mac) ?? [])];
    const same = before.filter((name) => {
      const uuid = this.#marks.get(name)?.machine.uuid;
      return uuid === undefined || machine.uuid === undefined || uuid === machine.uuid;
    });
    return [...new Set([...own, ...same])].filter((name) => this.#marks.has(name));
  }

  #drop(name: string): void {
    const mac = this.#marks.get(name)?.machine.mac;
    this.#marks.delete(name);
    if (mac === undefined) return;
    const names = this.#byMac.get(mac);
    names?.delete(name);
    if (names?.size === 0) this.#byMac.delete(mac);
  }
}
