import type { Output } from './command.ts';

/** Of a terminal; undefined where nothing has to fit. A terminal that does not know (a serial console) says 0. */
export function widthOf({ columns }: Output): number | undefined {
  return columns === 0 ? 80 : columns;
}

/** Lines of a paragraph are joined, so that they can be broken anew; indented lines and empty ones stay. */
export function flowing(text: string): string {
  return text.replaceAll(/(?<=^\S.*)\n(?=\S)/gm, ' ');
}

/** A column of a table for a terminal. */
export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** 0: it stays as long as it can. The highest goes first where the terminal is narrow. */
  readonly spare: number;
}

const GAP = 2;
const LEAST = 8;

/**
 * Rows below a heading that fit the width: first the columns go that can be spared, then the widest are cut. Columns in
 * which no row says anything are left out. Without a width nothing is cut.
 */
export function fittedTable<T>(columns: readonly Column<T>[], rows: readonly T[], width: number | undefined): string[] {
  const shown = columns
    .map((column) => ({ ...column, cells: rows.map((row) => plain(column.text(row))) }))
    .filter(({ cells, spare }) => spare === 0 || cells.some((cell) => cell !== ''))
    .map((column) => ({ ...column, wide: widest([column.title, ...column.cells]) }));
  while (width !== undefined && total(shown) > width) {
    const most = Math.max(...shown.map(({ spare }) => spare));
    if (most === 0) break;
    shown.splice(
      shown.findLastIndex(({ spare }) => spare === most),
      1,
    );
  }
  while (width !== undefined && total(shown) > width) {
    const wide = Math.max(...shown.map((column) => column.wide));
    if (wide <= LEAST) break;
    for (const column of shown.filter((one) => one.wide === wide).slice(-1)) column.wide -= 1;
  }
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cut(cell, shown[i]?.wide ?? 0).padEnd(shown[i]?.wide ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd()
      .slice(0, width);
  return [line(shown.map(({ title }) => title)), ...rows.map((_, i) => line(shown.map(({ cells }) => cells[i] ?? '')))];
}

function total(columns: readonly { readonly wide: number }[]): number {
  return columns.reduce((sum, { wide }) => sum + wide, GAP * (columns.length - 1));
}

function widest(cells: readonly string[]): number {
  return cells.reduce((most, cell) => Math.max(most, cell.length), 0);
}

/** The end is cut and marked. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}~`;
}

/** What a machine says of itself moves no cursor and clears no screen. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Rows below a heading, nothing cut. */
export function tableText([heading = [], ...rows]: readonly (readonly string[])[]): string {
  const columns = heading.map((title, i) => ({ title, spare: 0, text: (row: readonly string[]) => row[i] ?? '' }));
  return fittedTable(columns, rows, undefined)
    .map((line) => `${line}\n`)
    .join('');
}
