import {
  inOtherByteOrder,
  type InstallIdentity,
  isSameUuid,
  type Mac,
  type MachineIdentity,
} from '../model/machine.ts';
import { markFileName } from './mark-file.ts';
import type { InstallMark } from './mark.ts';

/** By what two machines look alike. `nic`: the same network card in front of a machine with another UUID. */
export type Likeness = 'mac' | 'nic' | 'serial' | 'uuid';

/** What is known of the machine that asks. */
export interface Related {
  /** Its own mark. Of several (it was known by one name, then by another) the one that keeps its disk. */
  readonly own?: InstallMark | undefined;
  /** Its own mark was made for a machine with another UUID: a network card that moved. */
  readonly conflict: boolean;
  /** The mark of a machine that it looks like. */
  readonly other?: { readonly mark: InstallMark; readonly by: Likeness } | undefined;
}

/** Which of a machine's marks counts: the first that there is. */
const ORDER: readonly InstallMark['state'][] = ['installed', 'installing', 'claimed', 'erase-pending', 'seen'];

/**
 * The marks in memory, found by whatever a machine is known by. A machine is the union of its MACs, UUID and serial
 * number; what decides that a mark is its own is narrower: the name by which it was matched, what else its profile says,
 * and the MAC that the mark was made for.
 */
export class MarkIndex {
  /** By file name. */
  readonly #marks = new Map<string, InstallMark>();
  /** File names by `mac ...`, `uuid ...`, `serial ...`. */
  readonly #by = new Map<string, Set<string>>();

  constructor(marks: ReadonlyMap<string, InstallMark>) {
    for (const [name, mark] of marks) this.set(name, mark);
  }

  get size(): number {
    return this.#marks.size;
  }

  has(name: string): boolean {
    return this.#marks.has(name);
  }

  get(name: string): InstallMark | undefined {
    return this.#marks.get(name);
  }

  all(): readonly InstallMark[] {
    return [...this.#marks.values()];
  }

  set(name: string, mark: InstallMark): void {
    this.delete(name);
    this.#marks.set(name, mark);
    for (const word of wordsOf(mark)) this.#by.set(word, (this.#by.get(word) ?? new Set()).add(name));
  }

  delete(name: string): void {
    const mark = this.#marks.get(name);
    if (mark === undefined) return;
    this.#marks.delete(name);
    for (const word of wordsOf(mark)) {
      const names = this.#by.get(word);
      names?.delete(name);
      if (names?.size === 0) this.#by.delete(word);
    }
  }

  /**
   * The file names of the machine's own marks, the one that counts first: those under its names, and those that were
   * made for its MAC when it was matched by something else. A mark for another UUID comes last: a MAC moves with its card.
   */
  names({ key, also, machine }: InstallIdentity): readonly string[] {
    const { mac, uuid } = machine;
    const named = [key, ...also, ...(uuid === undefined ? [] : [`uuid:${uuid}`, `uuid:${inOtherByteOrder(uuid)}`])].map(
      markFileName,
    );
    const before = this.#with('mac', mac).filter((name) => {
      const mark = this.#marks.get(name);
      return mark?.machine.mac === mac && !differ(mark?.machine.uuid, uuid);
    });
    const found = [...new Set([...named, ...before])].flatMap((name) => {
      const mark = this.#marks.get(name);
      return mark === undefined ? [] : [{ name, rank: rankOf(mark) + (differ(mark.machine.uuid, uuid) ? 10 : 0) }];
    });
    return found.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
  }

  /** The claims that are seen to begin by this file at this address. */
  waitingFor(address: string, file: string): readonly InstallMark[] {
    return [...(this.#by.get(claimWord(address, file)) ?? [])].flatMap((name) => this.#marks.get(name) ?? []);
  }

  /** `listed`: whether a profile still names the machine of a mark that says no more than that it was seen. */
  relate(who: InstallIdentity, listed: (mark: InstallMark) => boolean = () => true): Related {
    const names = this.names(who);
    const own = names[0] === undefined ? undefined : this.#marks.get(names[0]);
    const other = this.#other(who.machine, who.key, new Set(names), listed);
    return { own, conflict: own !== undefined && differ(own.machine.uuid, who.machine.uuid), other };
  }

  #other(machine: MachineIdentity, key: string, own: ReadonlySet<string>, listed: (mark: InstallMark) => boolean) {
    for (const by of ['uuid', 'serial', 'mac'] as const) {
      for (const name of this.#with(by, machine[by])) {
        const mark = this.#marks.get(name);
        if (own.has(name) || mark === undefined || (mark.state === 'seen' && !listed(mark))) continue;
        const conflict = differ(mark.machine.uuid, machine.uuid);
        // Two UUIDs are two machines, whatever else they share; only a card may have moved between them, and a machine
        // that its profile names by UUID or serial number is known whichever card it has.
        if (conflict && (by !== 'mac' || key !== machine.mac)) continue;
        return { mark, by: conflict ? ('nic' as const) : by };
      }
    }
    return undefined;
  }

  #with(by: keyof MachineIdentity, value: string | undefined): readonly string[] {
    return value === undefined ? [] : [...(this.#by.get(word(by, value)) ?? [])];
  }
}

/** What is damaged may be installed: only what is known to be comes before it. */
function rankOf({ broken, state }: InstallMark): number {
  return broken === undefined ? ORDER.indexOf(state) : 0.5;
}

function claimWord(address: string, file: string): string {
  return `claim ${address} ${file}`;
}

function wordsOf({ machine: { mac, uuid, serial }, macs = [], state, claim }: InstallMark): readonly string[] {
  const cards = new Set<Mac>([...(mac === undefined ? [] : [mac]), ...macs]);
  return [
    ...[...cards].map((card) => word('mac', card)),
    ...(uuid === undefined ? [] : [word('uuid', uuid)]),
    ...(serial === undefined ? [] : [word('serial', serial)]),
    ...(state === 'claimed' && claim?.file !== undefined ? [claimWord(claim.address, claim.file)] : []),
  ];
}

function word(by: keyof MachineIdentity, value: string): string {
  const lower = value.toLowerCase();
  const other = by === 'uuid' ? inOtherByteOrder(lower) : lower;
  return `${by} ${lower < other ? lower : other}`;
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && !isSameUuid(one, other);
}
