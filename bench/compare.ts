// Ours beside its peers: every round asks each of them in turn, and a ratio is the median of the rounds' own ratios.
import { median, type Figure, type Run } from './harness.ts';

export interface Contestant {
  readonly name: string;
  /** CPU seconds of the program so far. */
  cpu(): number;
}

interface Sample {
  /** Units a second. */
  readonly rate: number;
  /** CPU seconds of the server for a unit. */
  readonly cpu: number;
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

export async function compare<T extends Contestant>(
  contestants: readonly T[],
  rounds: number,
  run: (contestant: T) => Run | Promise<Run>,
): Promise<Samples> {
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]));
  for (let round = 0; round < rounds; round += 1) {
    // Forth and back: none is always the one that comes after the same neighbour.
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const before = contestant.cpu();
      const { units, seconds } = await run(contestant);
      const cpu = (contestant.cpu() - before) / units;
      samples.get(contestant.name)?.push({ rate: units / seconds, cpu });
    }
  }
  return samples;
}

/** Ours to a peer's, pair by pair. */
export function ratio(samples: Samples, ours: string, peer: string, of: keyof Sample): number {
  const theirs = samples.get(peer) ?? [];
  return median((samples.get(ours) ?? []).map((sample, round) => sample[of] / (theirs[round]?.[of] ?? NaN)));
}

/** Rate and CPU of each contestant, as lines of the table; `scale` and `cpuUnit` say what a unit's CPU is told in. */
export function sampleFigures(
  what: string,
  samples: Samples,
  unit: string,
  cpu: { readonly unit: string; readonly scale: number },
): readonly Figure[] {
  return [...samples].flatMap(([name, own]) => [
    { what: `${what}: ${name}`, value: median(own.map(({ rate }) => rate)), unit },
    { what: `${what}: ${name}, CPU`, value: median(own.map((sample) => sample.cpu)) * cpu.scale, unit: cpu.unit },
  ]);
}
