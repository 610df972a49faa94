import { isOfMachine, type JournalEvent } from '../model/journal-event.ts';
import type { MachineState } from '../model/machine-list.ts';
import type { Decision } from '../model/plan.ts';
import type { BootView } from '../model/views.ts';

/**
 * How far a boot is. `asking`: DHCP and TFTP. `told`: it got a script. `running`: its system fetched its configuration.
 * `over`: it is up, or installed.
 */
export type Phase = 'asking' | 'told' | 'running' | 'over';

/** Firmware gives up long before that, and a person who waits at a screen has left. */
export const PAUSE_MS = 300_000;

/** Whether this is the first question of a new boot. `began`: when the event began; `lastAt`: the boot's last event. */
export function beginsBoot(
  boot: { readonly phase: Phase; readonly lastAt: number } | undefined,
  event: JournalEvent,
  began: number,
): boolean {
  if (boot === undefined) return isOfMachine(event);
  const question = questionOf(event);
  if (question === undefined) return false;
  if (began - boot.lastAt > PAUSE_MS) return true;
  // Firmware asks by DHCP and loads its boot program before any script; who does so after one has started over.
  if (question === 'firmware') return boot.phase !== 'asking';
  // A script that did not get through is asked for again; after the system has run it means a restart.
  return boot.phase === 'running' || boot.phase === 'over';
}

export function phaseAfter(phase: Phase, event: JournalEvent): Phase {
  if (event.kind === 'phone-home' || event.kind === 'installed') return 'over';
  if (phase === 'over') return phase;
  if (event.kind === 'document') return 'running';
  return event.kind === 'script' && phase === 'asking' ? 'told' : phase;
}

/** Boot programs; other files may come over TFTP at any time. pxelinux.0 and its kind end in a number. */
const BOOT_PROGRAM = /\.(?:k{0,2}pxe|efi|0)$/i;
/** Where machines ask for scripts: a refusal there is a question, too. */
const SCRIPT_PATH = /^\/(?:$|ipxe$|boot\.ipxe|grub$|v1\/boot\/)/;

function questionOf(event: JournalEvent): 'firmware' | 'script' | undefined {
  switch (event.kind) {
    case 'dhcp':
      return 'firmware';
    case 'tftp':
      return BOOT_PROGRAM.test(event.file) ? 'firmware' : undefined;
    case 'script':
      return 'script';
    case 'refused':
      return SCRIPT_PATH.test(event.what) ? 'script' : undefined;
    case 'file':
    case 'document':
    case 'phone-home':
    case 'installed':
    case 'incident':
    case 'operator':
      return undefined;
  }
}

/** What is written down; `failed` shows when the machine is looked at after its deadline. */
export type RecordedState = Exclude<MachineState, 'failed'>;

export interface Life {
  readonly state: RecordedState;
  readonly since: number | null;
  readonly deadline: number | null;
}

/** Where a machine is in its life after something happened to it. */
export function lifeAfter(life: Life, event: JournalEvent, at: number): Life {
  const state = stateAfter(life.state, event);
  if (state === undefined) return life;
  const installation = event.kind === 'script' ? event.decision.installation : undefined;
  // It may still report; and when its tries are used up it has failed, whether or not its profile sets a time.
  if (installation === 'held') return life.state === 'unknown' ? { ...life, state: 'assigned', since: at } : life;
  if (installation !== undefined) return waitingForInstaller(life, installation, at);
  const deadline =
    event.kind === 'script' && (state === 'booting' || state === 'installing') ? event.deadline : undefined;
  // A script is a new beginning even when the machine was already booting.
  const begins = state !== life.state || deadline !== undefined;
  return { state, since: begins ? at : life.since, deadline: deadline ?? null };
}

function waitingForInstaller(life: Life, installation: 'unfinished' | 'stopped', at: number): Life {
  const since = life.state === 'installing' ? life.since : at;
  if (installation === 'unfinished') return { state: 'installing', since, deadline: life.deadline };
  // Once past, a deadline stays past: what asks again every five seconds does not fail anew each time.
  const failed = life.state === 'installing' && life.deadline !== null && life.deadline <= at;
  return failed ? life : { state: 'installing', since: at, deadline: at };
}

/** Undefined: it stays as it is. */
function stateAfter(state: RecordedState, event: JournalEvent): RecordedState | undefined {
  switch (event.kind) {
    case 'script':
      return stateAfterScript(state, event.decision);
    case 'phone-home':
      return 'up';
    case 'installed':
      return 'installed';
    case 'operator':
      if (event.action === 'power') return undefined;
      return event.action === 'release' ? 'unknown' : 'assigned';
    case 'dhcp':
    case 'tftp':
    case 'file':
    case 'document':
    case 'refused':
    case 'incident':
      return undefined;
  }
}

function stateAfterScript(state: RecordedState, { outcome, profile, installed }: Decision): RecordedState {
  switch (outcome) {
    case 'unknown':
      return 'unknown';
    case 'menu':
      return profile === undefined ? 'unknown' : state;
    case 'waiting':
      return 'assigned';
    case 'boot':
      return 'booting';
    case 'install':
      return 'installing';
    case 'local':
      if (state === 'installing' || state === 'installed' || installed === true) return 'installed';
      return state === 'up' ? 'up' : 'assigned';
  }
}

/** What people see at this moment. */
export function stateAt({ state, deadline }: Pick<Life, 'state' | 'deadline'>, now: number): MachineState {
  const awaited = state === 'booting' || state === 'installing';
  return awaited && deadline !== null && deadline < now ? 'failed' : state;
}

/** A row of `boot`, in the names of its columns. */
export interface BootRecord {
  readonly id: number;
  readonly machine: number;
  readonly at: number;
  readonly last_at: number;
  readonly phase: Phase;
  /** Null: it was told nothing yet. */
  readonly outcome: BootView['outcome'] | null;
  readonly profile: string | null;
  readonly version: string | null;
  readonly up_at: number | null;
  readonly ms: number | null;
  /** How many rows of `event` it has. */
  readonly events: number;
}
