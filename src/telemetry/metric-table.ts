import { MACHINE_STATES } from '../model/machine.ts';

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

/** A metric as Prometheus sees it. */
export interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Everything that /metrics says; docs/api.md is made of it. Names follow Prometheus's rules: base units, `_total`. */
export const METRIC_ROWS = {
  info: row('gauge', 'info', 'always 1; the version that runs', 'version'),
  uptime: row('gauge', 'uptime_seconds', 'since the server started'),
  boots: row(
    'counter',
    'boots_total',
    'boot scripts by what the machine was told; profile names up to 100',
    'outcome',
    'profile',
  ),
  http: row(
    'counter',
    'http_answers_total',
    'answers over HTTP; kind is the machine route, or operator',
    'kind',
    'status',
  ),
  bytes: row('counter', 'sent_bytes_total', 'bytes of bodies that went out', 'kind'),
  tftp: row('counter', 'tftp_transfers_total', 'TFTP transfers by how they ended', 'end'),
  tftpBytes: row('counter', 'tftp_sent_bytes_total', 'bytes that went out over TFTP'),
  tftpSeconds: row('counter', 'tftp_transfer_seconds_total', 'how long TFTP transfers took, together'),
  dhcpAnswered: row('counter', 'dhcp_answers_total', 'DHCP answers that went out'),
  dhcpSilent: row('counter', 'dhcp_silences_total', 'DHCP requests that were left alone, by why', 'reason'),
  dhcpLimited: row('counter', 'dhcp_limited_total', 'DHCP answers that the rate limit kept back'),
  dhcpUnsent: row('counter', 'dhcp_unsent_total', 'DHCP answers that this host could not send'),
  dhcpDropped: row('counter', 'dhcp_dropped_total', 'DHCP requests that a full buffer lost before they were read'),
  machines: row('gauge', 'machines', 'machines by where they are in their life', 'state'),
  problems: row('gauge', 'catalog_problems', "what is wrong in the operator's files", 'severity'),
  journalOn: row('gauge', 'journal_on', '1: what happens is written down; 0: the journal is off'),
  journalLost: row('counter', 'journal_lost_events_total', 'events that were not written down'),
  syncs: row('counter', 'sync_runs_total', 'runs of the release sync; failed: at least one target did', 'result'),
  syncGood: row('gauge', 'sync_last_success_timestamp_seconds', 'when the last run without a failure ended'),
  syncAge: row('gauge', 'sync_age_seconds', 'since the last run without a failure'),
  loopDelay: row('gauge', 'event_loop_delay_seconds', 'how late timers were since the last scrape', 'quantile'),
  resident: row('gauge', 'process_resident_memory_bytes', 'memory of the process'),
  heap: row('gauge', 'process_heap_used_bytes', "of it, JavaScript's own in use"),
  external: row('gauge', 'process_external_memory_bytes', 'of it, buffers: the cache of images, what is being sent'),
  failures: row('counter', 'scrape_failures_total', 'parts of this page that could not be read', 'part'),
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricId = keyof typeof METRIC_ROWS;

function row(type: MetricRow['type'], name: string, help: string, ...labels: readonly string[]): MetricRow {
  return { name: `pilotlight_${name}`, type, help, labels };
}

/** What is read when somebody scrapes, not counted on the way. Times are milliseconds since 1970. */
export interface MetricSources {
  /** How many machines are in each state; may take a moment and may fail. */
  readonly machines?: () => Promise<Readonly<Record<string, number>>>;
  readonly problems?: () => { readonly error: number; readonly warning: number };
  readonly journal?: () => { readonly on: boolean; readonly lost: number };
  readonly dhcp?: () => DhcpCounts;
  /** When the last run of the release sync without a failure ended, as far as anybody remembers. */
  readonly lastGoodSync?: () => number | undefined;
}

export interface DhcpCounts {
  readonly answered: number;
  readonly limited: number;
  readonly unsent: number;
  readonly dropped: number;
  /** By reason: fixed words. */
  readonly silences: ReadonlyMap<string, number>;
}

/** A part of the page: what it says, or a throw. */
export type MetricPart = readonly [
  name: string,
  read: () => readonly MetricValues[] | Promise<readonly MetricValues[]>,
];
export type MetricValues = readonly [MetricId, readonly Sample[]];

export function sourceParts({ machines, problems, journal, dhcp }: MetricSources): readonly MetricPart[] {
  const parts: MetricPart[] = [];
  if (machines !== undefined) {
    parts.push([
      'machines',
      async () => {
        const states = await machines();
        return [['machines', MACHINE_STATES.map((state) => ({ labels: [state], value: states[state] ?? 0 }))]];
      },
    ]);
  }
  if (problems !== undefined) {
    parts.push([
      'problems',
      () => {
        const { error, warning } = problems();
        return [['problems', [labelled('error', error), labelled('warning', warning)]]];
      },
    ]);
  }
  if (journal !== undefined) {
    parts.push([
      'journal',
      () => {
        const { on, lost } = journal();
        return [
          ['journalOn', plain(on ? 1 : 0)],
          ['journalLost', plain(lost)],
        ];
      },
    ]);
  }
  if (dhcp !== undefined) {
    parts.push([
      'dhcp',
      () => {
        const { answered, limited, unsent, dropped, silences } = dhcp();
        return [
          ['dhcpAnswered', plain(answered)],
          ['dhcpLimited', plain(limited)],
          ['dhcpUnsent', plain(unsent)],
          ['dhcpDropped', plain(dropped)],
          ['dhcpSilent', [...silences].map(([reason, n]) => labelled(reason, n))],
        ];
      },
    ]);
  }
  return parts;
}

export function plain(value: number): readonly Sample[] {
  return [{ labels: [], value }];
}

export function labelled(label: string, value: number): Sample {
  return { labels: [label], value };
}
