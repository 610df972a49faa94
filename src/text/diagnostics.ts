import { type FileDiagnostic, isError } from '../model/failure.ts';
import { Lines, type Path, pathText, type Position } from './text.ts';

interface Told {
  readonly path?: Path;
  readonly offset?: number;
  /** In the place of the offset, where it was found in the bytes. */
  readonly at?: Position;
  readonly remedy?: string;
}

const MOST = 100;

/** Collects what a check of one text finds. */
export class Diagnostics {
  readonly #file: string;
  readonly #text: string;
  readonly #found: FileDiagnostic[] = [];
  readonly #hushed: { readonly below: string | number; readonly from: number }[] = [];
  #lines: Lines | undefined;

  constructor(text: string, file = '') {
    this.#file = file;
    this.#text = text;
  }

  add(severity: FileDiagnostic['severity'], message: string, { path = [], offset, at, remedy }: Told): void {
    if (this.#hushed.some(({ below, from }) => below === path[0] && offset !== undefined && offset > from)) return;
    this.#lines ??= new Lines(this.#text);
    const key = path.length === 0 ? undefined : pathText(path);
    const { line, column } = at ?? (offset === undefined ? {} : this.#lines.at(offset));
    this.#found.push({ severity, message, place: { file: this.#file, key, line, column }, remedy });
  }

  error(message: string, told: Told = {}): void {
    this.add('error', message, told);
  }

  warn(message: string, told: Told = {}): void {
    this.add('warning', message, told);
  }

  /** What is found from now on below this key and after this place is only a consequence of what was said already. */
  hushAfter(below: string | number, offset: number): void {
    this.#hushed.push({ below, from: offset });
  }

  hasError(): boolean {
    return this.#found.some(isError);
  }

  /** In the order in which it was found. */
  get all(): readonly FileDiagnostic[] {
    return this.#found;
  }

  /** In the order of the lines, at most 100 of them: an error is not the one that is cut off. */
  sorted(): readonly FileDiagnostic[] {
    const order = this.#found.toSorted(
      ({ place: a }, { place: b }) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
    if (order.length <= MOST) return order;
    const [errors, warnings] = [order.filter(isError), order.filter((one) => !isError(one))];
    return [...errors, ...warnings].slice(0, MOST);
  }
}
