import { shellWord } from './shell-words.ts';

/** What a machine has to report with. */
export type ReportTool = 'curl' | 'wget';

export interface ReportPace {
  /** Seconds between two tries. */
  readonly pause: number;
  /** A line on the console for each try that was not heard. */
  readonly aloud: boolean;
}

/** A server that is away over a night is no reason to install again, or to stop with a question on the screen. */
const A_DAY = 86_400;

/**
 * One line for a POSIX shell: a POST, again and again until the server has taken it; fails after a day of it. No tool does
 * that by itself: GNU wget gives up at the first 503, curl at the first connection that is cut, and the curl of Container
 * Linux (2017) knows no --retry-connrefused. An answer that is no 2xx counts as none: a login page of the network, a
 * redirect of a proxy. In a subshell: it neither ends nor changes what stands around it.
 */
export function reportCommand(tool: ReportTool, url: string, pace: ReportPace): string {
  const tries = Math.ceil(A_DAY / pace.pause);
  const words = pace.aloud ? `echo 'Pilotlight does not hear the report, trying again'; ` : '';
  const count = `n=$((n + 1)); [ "$n" -lt ${tries} ] || exit 1`;
  const { before, post } = TOOLS[tool](shellWord(url));
  return `( ${before}n=0; until ${post}; do ${count}; ${words}sleep ${pace.pause}; done )`;
}

const TOOLS: Readonly<Record<ReportTool, (url: string) => { readonly before: string; readonly post: string }>> = {
  // With the machine's own name for itself.
  curl: (url) => ({
    before: '',
    post: `curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-urlencode "hostname=$(uname -n)" ${url} | grep -q ^2`,
  }),
  // busybox has its own wget, which knows none of these options; its -T ends in a crash in Debian 12.
  wget: (url) => ({
    before: `o=-q; if wget --version >/dev/null 2>&1; then o='-nv --tries=1 --timeout=30 --max-redirect=0'; fi; `,
    post: `wget $o -O /dev/null --post-data= ${url}`,
  }),
};
