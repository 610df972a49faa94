import type { LogTarget } from '../model/plan.ts';

/** Something in a unit file; `fatal` when its reader gives up on the whole file. */
interface UnitFileProblem {
  readonly message: string;
  readonly fatal: boolean;
}

/**
 * What is wrong with a unit file (systemd.syntax(7)): everything stands in a `[Section]`, and every line is `Key=value`,
 * a comment, or goes on after a backslash. Lines before any section are skipped by systemd and by Ignition. A comment
 * inside of a long line is skipped by systemd, but to Ignition (go-systemd) it is a part of that line, and ends it.
 */
export function unitFileProblem(text: string, reader: 'systemd' | 'ignition'): UnitFileProblem | undefined {
  let section = false;
  let continued = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const comment = /^[#;]/.test(line);
    const inside: boolean = continued;
    if (inside && comment && reader === 'systemd') continue;
    continued = line.endsWith('\\') && (inside || !comment);
    if (inside || line === '' || comment) continue;
    if (/^\[[^[\]]+\]$/.test(line)) section = true;
    else if (!section) return { message: `line ${i + 1} of the unit stands before any [Section]`, fatal: false };
    else if (!/^[^=]+=/.test(line)) return { message: `line ${i + 1} of the unit is not Key=value`, fatal: true };
  }
  return undefined;
}

export const INSTALLED_UNIT = 'pilotlight-installed.service';

/**
 * Tells us that coreos-installer is done, before it reboots. This is where coreos-installer puts its own post-install
 * hooks (`pxe customize --post-install`: After=coreos-installer.service, Before= and RequiredBy=coreos-installer.target;
 * documented in its customizing-install.md for hooks by ignition.config.url as well). Two things are added to that:
 * Requires=, because After= alone also holds after a failed installation; and the reboot by name, because in its first
 * versions coreos-installer-reboot.service waited for coreos-installer.service only and not for the target.
 * It reports for a day: a machine that rebooted unheard would be installed again. Then it fails, and nothing reboots.
 */
export function installedUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is installed
Requires=coreos-installer.service
After=coreos-installer.service
Before=coreos-installer.target coreos-installer-reboot.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${unitCommand(reportLoop(url))}
StandardOutput=kmsg+console
StandardError=kmsg+console

[Install]
RequiredBy=coreos-installer.target
`;
}

/** Tells us that the machine is up, at every boot, for a day at most. Not a oneshot: the boot would wait for it. */
export function phoneHomeUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is up
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${unitCommand(reportCommand('curl', url, { pause: 10, aloud: false }))}

[Install]
WantedBy=multi-user.target
`;
}

export const LOG_UNIT = 'pilotlight-log.service';

/** Sends the journal, from the boot on: after a connection that ended, what is new. For a machine with bash and journald. */
export function logUnit(target: LogTarget): string {
  return `[Unit]
Description=Send the log to Pilotlight
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${unitCommand(logCommand(target), '/bin/bash')}
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
}

/** For bash, which opens the connection itself: no image has a tool for it that all have. Ends with the connection. */
export function logCommand({ host, port }: LogTarget): string {
  const seen = '/run/pilotlight-log';
  return (
    `exec 3>/dev/tcp/${host.replaceAll(/[[\]]/g, '')}/${port} || exit 1; n=all; [ -e ${seen} ] && n=0; ` +
    `: > ${seen}; exec journalctl -b -f -n $n -o short >&3`
  );
}

/**
 * `/bin/sh -c` with a command, as a unit file writes it (systemd.service(5), "Command lines"): inside of the double
 * quotes `\` and `"` are escaped, `%` begins a specifier and `$` a variable, both are doubled to mean themselves.
 */
export function unitCommand(command: string, shell = '/bin/sh'): string {
  const text = command
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
  return `${shell} -c "${text}"`;
}

/** Reports to `url` until the server has taken it; each failed try is shown on the machine's console. */
export function reportLoop(url: string): string {
  return reportCommand('curl', url, { pause: 5, aloud: true });
}

/** What a machine has to report with. */
export type ReportTool = 'curl' | 'wget';

interface ReportPace {
  /** Seconds between two tries. */
  readonly pause: number;
  /** A line on the console for each failed try. */
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

/** A word for a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
