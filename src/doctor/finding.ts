/** One thing that was looked at. A `problem` keeps machines from booting; a `warning` may. */
export interface Finding {
  readonly about: 'ports' | 'firmware' | 'address' | 'server' | 'firewall' | 'data' | 'dhcp';
  readonly level: 'ok' | 'warning' | 'problem';
  readonly what: string;
  readonly remedy?: string;
}

/** Findings about one thing, without repeating what it is. */
export function findingsAbout(about: Finding['about']) {
  return {
    ok: (what: string): Finding => ({ about, level: 'ok', what }),
    warning: (what: string, remedy: string): Finding => ({ about, level: 'warning', what, remedy }),
    problem: (what: string, remedy: string): Finding => ({ about, level: 'problem', what, remedy }),
  };
}
