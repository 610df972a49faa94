interface Cell {
  n: number;
}

/** One number of a metric, with the values of its labels. */
export interface Sample {
  readonly labels: readonly (string | number)[];
  readonly value: number;
}

/** In place of a label value that came after there were too many. */
const OTHER = 'other';

/**
 * Counts by at most two labels. Adding to what was counted before allocates nothing: it is done for every answer.
 * Each label has at most `max` values; what comes later is counted together as `other`, so that nobody outside can fill
 * the memory or the monitoring with values.
 */
export class Tally {
  readonly #max: number;
  readonly #cells = new Map<string | number, Map<string | number, Cell>>();
  /** All values of the second label. */
  readonly #seconds = new Set<string | number>();

  constructor(max = 64) {
    this.#max = max;
  }

  add(n: number, first: string | number = '', second: string | number = ''): void {
    const cell = this.#cells.get(first)?.get(second) ?? this.#make(first, second);
    cell.n += n;
  }

  samples(labels: 0 | 1 | 2): readonly Sample[] {
    return [...this.#cells].flatMap(([first, row]) =>
      [...row].map(([second, { n }]) => ({ labels: [first, second].slice(0, labels), value: n })),
    );
  }

  #make(first: string | number, second: string | number): Cell {
    const one = this.#cells.has(first) || this.#cells.size < this.#max ? first : OTHER;
    const two = this.#seconds.has(second) || this.#seconds.size < this.#max ? second : OTHER;
    this.#seconds.add(two);
    let row = this.#cells.get(one);
    if (row === undefined) {
      row = new Map();
      this.#cells.set(one, row);
    }
    let cell = row.get(two);
    if (cell === undefined) {
      cell = { n: 0 };
      row.set(two, cell);
    }
    return cell;
  }
}
