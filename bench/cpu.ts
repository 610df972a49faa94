// CPU seconds of a program and of all that it starts, also of what has ended since.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One program's account: everything that is started through `wrap` is on it. */
export interface CpuAccount {
  wrap(command: string, args: readonly string[]): readonly [string, readonly string[]];
  /** So far; `pid` is the program's first process. */
  seconds(pid: number): number;
  /** When the program has ended. */
  close(): void;
}

let accounts = 0;

/** A control group counts exactly and forgets no child. Without the right to make one, /proc tells in hundredths. */
export function openCpuAccount(): CpuAccount {
  const root = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  const group = join(root ?? '/nowhere', `pilotlight-bench-${process.pid}-${(accounts += 1)}`);
  try {
    mkdirSync(group);
  } catch {
    return { wrap: (command, args) => [command, args], seconds: treeSeconds, close: () => undefined };
  }
  return {
    wrap: (command, args) => ['sh', ['-c', `echo 0 >${group}/cgroup.procs && exec "$0" "$@"`, command, ...args]],
    seconds: () => Number(/^usage_usec (\d+)/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8'))?.[1]) / 1e6,
    close: () => {
      closeGroup(group, root ?? '');
    },
  };
}

/** What the program left behind goes to the root group: a group with processes cannot be removed. */
function closeGroup(group: string, root: string): void {
  if (!existsSync(group)) return;
  for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
    writeFileSync(join(root, 'cgroup.procs'), pid);
  }
  rmdirSync(group);
}

/** Of a process, of its children that live, and of those that it waited for. */
function treeSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.reduce((sum, child) => sum + treeSeconds(Number(child)), own);
}
