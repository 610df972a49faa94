/** Something wrong in one document. An `error` is a document that the machine would refuse, misread or lose a part of. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** A path such as `coreos.units[0].name`. */
  readonly key?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based, in UTF-16 units. */
  readonly column?: number;
  readonly remedy?: string;
}

/** The steps from a document's root to a value. */
export type Path = readonly (string | number)[];

/** `users[0].name`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.slice(0, 80))}]`;
  }
  return text;
}

/** Lines and columns of one text. */
export class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

interface Told {
  readonly path?: Path;
  readonly offset?: number;
  readonly remedy?: string;
}

/** Collects what a check finds: at most 100 findings, in the order of the lines. */
export class Findings {
  readonly #lines: Lines;
  readonly #found: Finding[] = [];
  readonly #hushed: { readonly below: string | number; readonly from: number }[] = [];

  constructor(text: string) {
    this.#lines = new Lines(text);
  }

  error(message: string, told: Told = {}): void {
    this.#add('error', message, told);
  }

  warn(message: string, told: Told = {}): void {
    this.#add('warning', message, told);
  }

  /** What is found from now on below this key and after this place is only a consequence of what was said already. */
  hushAfter(below: string | number, offset: number): void {
    this.#hushed.push({ below, from: offset });
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  sorted(): readonly Finding[] {
    const order = this.#found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
    // Past a hundred nobody reads on; an error must not be the one that is cut off.
    if (order.length <= 100) return order;
    return [
      ...order.filter((one) => one.severity === 'error'),
      ...order.filter((one) => one.severity === 'warning'),
    ].slice(0, 100);
  }

  #add(severity: Finding['severity'], message: string, { path, offset, remedy }: Told): void {
    if (this.#hushed.some(({ below, from }) => below === path?.[0] && offset !== undefined && offset > from)) return;
    this.#found.push({
      severity,
      message,
      ...(path === undefined || path.length === 0 ? {} : { key: pathText(path) }),
      ...(offset === undefined ? {} : this.#lines.at(offset)),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

/** A value as a person reads it in a message: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
