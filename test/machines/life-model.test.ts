import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type DataRoot, openDataRoot } from '../../src/files/data-root.ts';
import type { InstallMarks } from '../../src/machines/claims.ts';
import { openInstallMarks } from '../../src/machines/install-marks.ts';
import { Failure } from '../../src/model/failure.ts';
import type { InstallIdentity } from '../../src/model/machine.ts';
import { makeFolder } from '../support/folder.ts';
import { recordLog } from '../support/http-server.ts';
import { asking, byMac, byUuid, NOON, TARGET } from './marks.ts';

// Two machines with two network cards each, and a USB card that goes from one to the other. Whatever happens to them, in
// whatever order, and wherever the server dies: see the rule in docs/lifecycle.md.

const LIMIT = 3;
const SHARED = '52:54:00:00:00:ff';
const UUIDS = ['aaaaaaaa-2222-3333-4444-555555555551', 'bbbbbbbb-2222-3333-4444-555555555552'] as const;
const ADDRESSES = ['10.0.0.1', '10.0.0.2'] as const;

function cardOf(machine: number, card: number): string {
  return card === 2 ? SHARED : `52:54:00:00:0${machine.toString()}:0${card.toString()}`;
}

function identity(machine: number, card: number): InstallIdentity {
  return byMac(cardOf(machine, card), UUIDS[machine]);
}

/** What is known of a machine from outside: by what was answered, never by what is in memory. */
interface Known {
  /** An acknowledged report, and no operator's go since. */
  reported: boolean;
  /** Who was given an installer that has not begun. */
  holder: { readonly address: string; readonly card: number } | undefined;
  /** By what an operator named it when he said go, and no installer was given by that since. */
  readonly goes: Set<string>;
  /** Installers that began since an operator's last go. */
  begun: number;
  /** A report did not count, and nothing has ended its wait since. */
  refused: boolean;
}

/** A disk that a test makes fail, and a server that it makes die in the middle. */
class World {
  readonly dir = makeFolder();
  readonly known: readonly Known[] = [fresh(), fresh()];
  now = NOON;
  failing = false;
  /** Calls to the disk until the server dies; undefined: it lives. */
  left: number | undefined;
  #marks: InstallMarks | undefined;
  #life = 0;

  async open(): Promise<void> {
    this.#life += 1;
    this.left = undefined;
    this.#marks = await openInstallMarks(this.#disk(await openDataRoot(this.dir), this.#life), recordLog(), {
      now: () => this.now,
      retryMs: 3_600_000,
    });
  }

  get marks(): InstallMarks {
    if (this.#marks === undefined) throw new TypeError('not open');
    return this.#marks;
  }

  get dead(): boolean {
    return this.left !== undefined && this.left <= 0;
  }

  /** What `work` gives; undefined when the server died before it could answer. */
  async answer<T>(work: Promise<T>): Promise<T | undefined> {
    let done: { readonly value: T } | { readonly error: unknown } | undefined;
    work.then(
      (value) => (done = { value }),
      (error: unknown) => (done = { error }),
    );
    while (done === undefined && !this.dead) await turn();
    // What is on its way to the disk when the server dies may get there.
    if (done === undefined) return undefined;
    if ('error' in done) throw done.error;
    return done.value;
  }

  /** Every step of a write passes here: a server that has died takes none of them any more. */
  #disk(root: DataRoot, life: number): DataRoot {
    const step = async (): Promise<void> => {
      if (this.left !== undefined) this.left -= 1;
      if (this.#life !== life || this.dead) await new Promise(() => undefined);
      if (this.failing) throw new Failure('unavailable', 'the file system is read-only');
    };
    return {
      ...root,
      real: async (relative) => {
        await step();
        return await root.real(relative);
      },
    };
  }
}

function fresh(): Known {
  return { reported: false, holder: undefined, goes: new Set(), begun: 0, refused: false };
}

type Step = (world: World) => Promise<void>;

const machine = fc.integer({ min: 0, max: 1 });
const card = fc.integer({ min: 0, max: 2 });
const address = fc.constantFrom(...ADDRESSES);

/** An installer left for `who`: it must have been its right. */
async function ask(world: World, m: number, c: number, from: string): Promise<void> {
  const who = identity(m, c);
  const known = world.known[m] ?? fresh();
  const life = await world.answer(world.marks.claim(asking(who, from, world.now)));
  if (life?.kind === 'install') {
    const right = !known.reported || known.goes.size > 0;
    expect(right, `${m} reported, and gets an installer again`).toBe(true);
    expect(known.refused, `a report of ${m} was refused, and it gets an installer again`).toBe(false);
    expect(known.begun, 'more tries than are allowed').toBeLessThan(LIMIT);
    expect(known.holder ?? { address: from, card: c }, 'two at the same time').toEqual({ address: from, card: c });
    known.holder = { address: from, card: c };
    known.reported = false;
    for (const name of [cardOf(m, c), 'uuid']) known.goes.delete(name);
  } else if (life !== undefined) world.marks.saw(who, false);
}

async function fetch(world: World, m: number): Promise<void> {
  const known = world.known[m];
  if (known?.holder === undefined) return;
  const { address: from, card: c } = known.holder;
  known.holder = undefined;
  known.begun += 1;
  // That it cannot be written keeps no kernel from running.
  await world.answer(world.marks.fetched(from, 'c/initrd')).catch(ignoreFailure);
  // Two machines behind one address: which of them it was may be guessed wrongly, its own document tells. The other one then
  // counts as begun, too: it used up a try, and after the rest it may ask from elsewhere.
  for (const other of world.known) if (other.holder?.address === from) other.holder = undefined;
  await world.answer(world.marks.begun(byMac(cardOf(m, c)))).catch(ignoreFailure);
  if (world.dead || world.failing) known.begun = 0;
}

function ignoreFailure(error: unknown): void {
  if (!(error instanceof Failure)) throw error;
}

const steps: readonly fc.Arbitrary<readonly [string, Step]>[] = [
  fc
    .tuple(machine, card, address)
    .map(([m, c, from]) => [`machine ${m} asks by card ${c} from ${from}`, (world) => ask(world, m, c, from)]),
  machine.map((m) => [`machine ${m} has its files`, (world) => fetch(world, m)]),
  fc.tuple(machine, card).map(([m, c]) => [
    `machine ${m} reports by card ${c}`,
    async (world) => {
      const known = world.known[m];
      // By a card of its own under which it got an installer, or by its first.
      const by = known?.holder?.card ?? (c === 2 ? 0 : c);
      if (known !== undefined) known.refused = false;
      const told = world.marks.installed(identity(m, by), TARGET).then(() => true);
      const heard = await world.answer(told.catch(refusedReport));
      if (known === undefined || heard !== true) return;
      const { own } = { own: world.marks.of(identity(m, by)) };
      if (own?.state !== 'installed') return;
      // What counts is what the disk has to say.
      const kept = (await openInstallMarks(await openDataRoot(world.dir), recordLog())).of(identity(m, by));
      expect(kept?.state, 'acknowledged, and not on the disk').toBe('installed');
      if (by !== 2) known.reported = true;
      known.holder = undefined;
    },
  ]),
  fc.tuple(machine, fc.integer({ min: 0, max: 1 }), address).map(([m, c, from]) => [
    `a report about machine ${m}, card ${c}, is refused`,
    async (world) => {
      const known = world.known[m];
      const who = identity(m, c);
      const report = { at: world.now, address: from };
      const said = await world.answer(world.marks.refused(who, report).then(() => true, refusedReport));
      if (known !== undefined && said === true && world.marks.of(who)?.refused !== undefined) known.refused = true;
    },
  ]),
  fc.tuple(machine, card, fc.boolean()).map(([m, c, byItsUuid]) => [
    `an operator has machine ${m} installed anew, by ${byItsUuid ? 'its UUID' : `card ${c}`}`,
    async (world) => {
      const who = byItsUuid ? byUuid(UUIDS[m]) : byMac(cardOf(m, c));
      await world.answer(world.marks.reinstall(who, TARGET)).catch(ignoreFailure);
      // A go that could not be acknowledged may have got to the disk; by the shared card it may be for either.
      for (const [i, known] of world.known.entries()) {
        if (i !== m && (c !== 2 || byItsUuid)) continue;
        Object.assign(known, { begun: 0, holder: undefined, refused: false });
        known.goes.add(byItsUuid ? 'uuid' : cardOf(m, c));
      }
    },
  ]),
  fc.tuple(machine, card).map(([m, c]) => [
    `an operator takes that back for machine ${m}`,
    async (world) => {
      await world.answer(world.marks.cancel(byMac(cardOf(m, c)))).catch(ignoreFailure);
    },
  ]),
  fc.tuple(machine, card).map(([m, c]) => [
    `an operator releases the claim of machine ${m}, card ${c}`,
    async (world) => {
      await world.answer(world.marks.release(byMac(cardOf(m, c)))).catch(ignoreFailure);
      for (const [i, known] of world.known.entries()) {
        if (i === m || c === 2) Object.assign(known, { begun: 0, holder: undefined, refused: false });
      }
    },
  ]),
  fc.tuple(machine, card).map(([m, c]) => [
    `an operator lets machine ${m}, card ${c}, boot another profile once`,
    async (world) => {
      await world.answer(world.marks.bootOnce(byMac(cardOf(m, c)), 'rescue')).catch(ignoreFailure);
    },
  ]),
  fc.tuple(machine, card).map(([m, c]) => [
    `machine ${m} boots that by card ${c}`,
    async (world) => {
      const who = identity(m, c);
      const taken = await world.answer(world.marks.takeOnce(who, 'rescue').catch(refusedReport));
      if (taken !== true) return;
      const kept = (await openInstallMarks(await openDataRoot(world.dir), recordLog())).of(who);
      expect(kept?.once?.used, 'its script may leave, and it is not used up on the disk').toBeDefined();
      expect(await world.answer(world.marks.takeOnce(who, 'rescue')), 'twice').not.toBe(true);
    },
  ]),
  fc.constantFrom(1000, 61_000, 3_600_000).map((ms) => [
    `${ms} ms pass`,
    (world) => {
      world.now += ms;
      return Promise.resolve();
    },
  ]),
  fc.boolean().map((failing) => [
    failing ? 'the disk is read-only' : 'the disk can be written',
    (world) => {
      world.failing = failing;
      return Promise.resolve();
    },
  ]),
  fc.integer({ min: 0, max: 6 }).map((left) => [
    `the server dies ${left} looks at the disk later`,
    (world) => {
      world.left = left;
      return Promise.resolve();
    },
  ]),
  fc.constant(['the server starts anew', (world) => world.open()]),
];

const weighted = fc.oneof(
  ...steps.map((arbitrary, i) => ({ arbitrary, weight: [10, 6, 4, 2, 2, 1, 1, 1, 1, 3, 2, 2, 1][i] ?? 1 })),
);

/** Only so that a hang ends. */
const timeout = 300_000;

it(
  'never two installers for one machine without an operator, whatever happens in whatever order',
  { timeout },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(weighted, { minLength: 5, maxLength: 40 }), async (story) => {
        const world = new World();
        await world.open();
        for (const [, step] of story) {
          if (world.dead) await world.open();
          await step(world);
        }
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 100) },
    );
  },
);

/** Not on the disk, and the client knows: it comes again. */
function refusedReport(error: unknown): boolean {
  ignoreFailure(error);
  return false;
}
