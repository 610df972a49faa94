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
