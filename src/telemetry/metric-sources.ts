import { MACHINE_STATES } from '../model/machine.ts';
import type { MetricId } from './metric-table.ts';
import type { Sample } from './tally.ts';

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
