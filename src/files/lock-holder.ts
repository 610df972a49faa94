import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Which process on which host. Where the system does not tell (a unit with ProcSubset=pid), a field is empty. */
export interface ProcessId {
  /** In its own namespace. */
  readonly pid: number;
  /** When it began, in the kernel's ticks: a process id is given away again. */
  readonly started: string;
  /** Which run of which kernel. */
  readonly boot: string;
  /** Which namespace of process ids; the first one has the same name on every host. */
  readonly space: string;
  /** Made of the machine id (never shown, see machine-id(5)) and the host's name. */
  readonly host?: string;
  /** The host's name, for people. */
  readonly name?: string;
}

export async function describeProcess(): Promise<ProcessId> {
  const machine = await firstLine('/etc/machine-id');
  const name = hostname();
  const host = machine === '' ? '' : createHash('sha256').update(`pilotlight ${machine} ${name}`).digest('hex');
  return {
    pid: process.pid,
    started: (await startTime(process.pid)) ?? '',
    boot: await firstLine('/proc/sys/kernel/random/boot_id'),
    space: await readlink('/proc/self/ns/pid').catch(() => ''),
    host: host.slice(0, 16),
    name,
  };
}

/** Field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and brackets. Undefined for a dead process. */
export async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** The same run of the same kernel, for sure. */
export function isSameKernel(a: ProcessId, b: ProcessId): boolean {
  return a.boot !== '' && a.boot === b.boot;
}

/**
 * The same host, for sure: its kernel knows all processes that may listen. Where that is in doubt it counts as another,
 * which costs two minutes after a crash; the opposite would let two in.
 */
export function isSameHost(a: ProcessId, b: ProcessId): boolean {
  return isSameKernel(a, b) || (a.host !== undefined && a.host !== '' && a.host === b.host);
}

async function firstLine(path: string): Promise<string> {
  return await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
