import { durationText, plural, svgNumber } from './format.ts';

const WIDTH = 80;
const HEIGHT = 20;
const SLOTS = 20;
const SLOT = WIDTH / SLOTS;

/** Boot durations as bars, the last one at the right edge. Numbers are SVG units of an 80 x 20 box. */
export interface Sparkline {
  readonly bars: readonly {
    readonly x: string;
    readonly y: string;
    readonly height: string;
    readonly last: boolean;
  }[];
  /** `Last boot 41 s`. */
  readonly title: string;
  /** `12 boots between 35 s and 1 min 02 s`. */
  readonly description: string;
  /** `41 s`. */
  readonly last: string;
}

/** Undefined for a machine that never finished a boot. */
export function sparkline(boots: readonly number[]): Sparkline | undefined {
  const shown = boots.slice(-SLOTS);
  const last = shown.at(-1);
  if (last === undefined) return undefined;
  const longest = Math.max(...shown, 1);
  const shortest = Math.min(...shown);
  const from = WIDTH - shown.length * SLOT;
  return {
    bars: shown.map((ms, i) => {
      const height = Math.max(2, (ms / longest) * HEIGHT);
      return {
        x: svgNumber(from + i * SLOT),
        y: svgNumber(HEIGHT - height),
        height: svgNumber(height),
        last: i === shown.length - 1,
      };
    }),
    title: `Last boot ${durationText(last)}`,
    description:
      shown.length === 1
        ? 'its only boot so far'
        : `${plural(shown.length, 'boot')} between ${durationText(shortest)} and ${durationText(longest)}`,
    last: durationText(last),
  };
}
