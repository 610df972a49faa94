import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBootService } from '../../src/boot/answer.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { SILENT } from '../../src/model/service.ts';
import { beginning } from '../../src/rollouts/rollout-actions.ts';
import { changeRollouts } from '../../src/rollouts/rollout-file.ts';
import { createRollouts, type RolloutService, type RolloutStep } from '../../src/rollouts/rollouts.ts';
import { makeFolder } from './folder.ts';
import { factsOf, originOf, settingsFor } from './app-context.ts';
import { readContext } from '../../src/context/app-context.ts';

const NOON = Date.UTC(2026, 10, 30, 12);
export const OLD = '4152.2.0';
export const NEW = '4593.2.5';

export const macOf = (number: number): string => `525400000${String(number).padStart(3, '0')}`;
export const nodes = (count: number): readonly { name: string; mac: string }[] =>
  Array.from({ length: count }, (_, i) => ({ name: `w${i + 1}`, mac: macOf(i + 1) }));

export const ROLLOUT = { canaries: ['w1', 'w2', 'w3'], waves: ['20%', '50%'], soak: 600, tolerate: 1 };

/** A profile of thirty machines with a rollout, and both releases in the image store. */
export function rolloutFolder(profile: object = {}): Readonly<Record<string, object | string>> {
  const images = [OLD, NEW].flatMap((version) =>
    ['flatcar_production_pxe.vmlinuz', 'flatcar_production_pxe_image.cpio.gz'].map(
      (file) => [`images/flatcar/amd64/${version}/${file}`, `${file} of ${version}`] as const,
    ),
  );
  const whole = { system: 'flatcar', version: OLD, boot_timeout: 300, rollout: ROLLOUT, nodes: nodes(30) };
  return {
    ...Object.fromEntries(images),
    'configs/w.ign': '{"ignition": {"version": "3.3.0"}}',
    'profiles/w.json': { ...whole, ignition: 'w.ign', phone_home: true, ...profile },
  };
}

export interface RolloutSetup {
  readonly dir: string;
  /** `set`: of its milliseconds so many passed by setting it. */
  readonly clock: { now: number; set: number };
  readonly steps: readonly RolloutStep[];
  readonly rollouts: RolloutService;
  begin(to?: string): Promise<void>;
  rollout(): Rollout;
  /** What the machine boots, and why. */
  asks(name: string, address?: string): Promise<{ readonly version: string | undefined; readonly because: string }>;
  /** Fetches what it was told to. */
  fetches(name: string, version?: string): Promise<void>;
  /** Asks, fetches and phones home. */
  boots(...names: readonly string[]): Promise<void>;
  up(name: string): Promise<void>;
  later(seconds: number): Promise<void>;
  /** The process is gone, another one begins: only the disk is left. */
  again(): Promise<RolloutSetup>;
  version(): unknown;
  refresh(): Promise<void>;
}

/** A server's rollouts behind its boot service, by a clock of the test's. */
export async function openRolloutSetup(
  files: Readonly<Record<string, object | string>> = rolloutFolder(),
  { dir = makeFolder(files), clock = { now: NOON, set: 0 } }: { dir?: string; clock?: RolloutSetup['clock'] } = {},
): Promise<RolloutSetup> {
  const { files: root, catalog, imageStore, marks } = await readContext(settingsFor(dir));
  const steps: RolloutStep[] = [];
  const rollouts = createRollouts({
    ...{ files: root, catalog, log: SILENT },
    now: () => clock.now,
    elapsed: () => clock.now - clock.set,
  });
  rollouts.onStep((step) => steps.push(step));
  await rollouts.start();
  const boot = createBootService({ catalog, imageStore, marks, claims: marks, rollouts, now: () => clock.now });
  const profile = () => catalog.current().profiles.get('w') ?? raise('no profile w');
  const setup: RolloutSetup = {
    dir,
    clock,
    steps,
    rollouts,
    async begin(to = NEW) {
      await changeRollouts(root, (all) => beginning(all, profile(), to, clock.now).rollouts);
      await rollouts.reload();
      await rollouts.look();
    },
    rollout: () => rollouts.all().get('w') ?? raise('no rollout of w'),
    async asks(name, address = addressOf(name)) {
      const facts = factsOf({ mac: macOf(Number(name.slice(1))) });
      const { decision } = await boot.script({ facts, origin: originOf(), asker: address });
      return { version: decision.version, because: decision.because };
    },
    async fetches(name, version = NEW) {
      await rollouts.fetched(addressOf(name), `flatcar/amd64/${version}/flatcar_production_pxe_image.cpio.gz`);
    },
    async boots(...names) {
      for (const name of names) {
        await setup.asks(name);
        await setup.fetches(name);
        await setup.up(name);
      }
    },
    async up(name) {
      await rollouts.up('w', name);
      await rollouts.look();
    },
    async later(seconds) {
      clock.now += seconds * 1000;
      await rollouts.look();
    },
    async again() {
      await rollouts.stop(AbortSignal.timeout(1000));
      return await openRolloutSetup({}, { dir, clock });
    },
    version: () => (JSON.parse(readFileSync(join(dir, 'profiles/w.json'), 'utf8')) as { version: unknown }).version,
    async refresh() {
      await catalog.refresh();
      await rollouts.look();
    },
  };
  return setup;
}

function addressOf(name: string): string {
  return `10.0.2.${name.slice(1)}`;
}

function raise(message: string): never {
  throw new Error(message);
}
