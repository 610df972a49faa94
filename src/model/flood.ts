/** More machines than are unpacked in a day ask for the first time within minutes: they may be invented. */
export interface FloodView {
  /** Machines that no profile names and that were never seen before, in the last ten minutes. */
  readonly newcomers: number;
  /** Machines that were forgotten in the last hour to make room for them. */
  readonly removed: number;
  /** The address that more than half of the newcomers used. */
  readonly from?: string;
}

/** For people, on every page that counts machines. */
export function floodWords({ newcomers, removed, from }: FloodView): {
  readonly what: string;
  readonly remedy: string;
} {
  const asked = `${newcomers} machines that were never seen before asked in the last ten minutes`;
  const forgotten = removed === 0 ? '' : `, and ${removed} unknown machines were forgotten to make room`;
  const most = from === undefined ? '' : `, most of them from ${from}`;
  const look = from === undefined ? 'look for who asks' : `look at ${from}`;
  const remedy = `if they are not yours, ${look}; machines that profiles name are not affected, and the newest unknown ones stay`;
  return { what: `${asked}${most}${forgotten}`, remedy };
}
