/** What etcd asks for beside the path. Everything else in the query is left alone: operators may add a secret to it. */
export interface DiscoveryQuery {
  readonly wait: boolean;
  readonly sorted: boolean;
  /** 0: none was given. Undefined: it is not a number. */
  readonly waitIndex: number | undefined;
  /** Of `/discovery/new`; undefined when it is not a number. */
  readonly size: number | undefined;
}

const DEFAULT_SIZE = '3';

export function discoveryQuery(query: string): DiscoveryQuery {
  const fields = new URLSearchParams(query);
  return {
    wait: fields.get('wait') === 'true',
    sorted: fields.get('sorted') === 'true',
    waitIndex: wholeNumber(fields.get('waitIndex') ?? '0'),
    size: wholeNumber(fields.get('size') ?? DEFAULT_SIZE),
  };
}

/** Undefined for signs, fractions, exponents and what no double holds. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
