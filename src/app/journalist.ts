import type { MachineFacts } from '../domain/facts.ts';
import { hidePrivateKeys } from '../domain/hidden-keys.ts';
import type { JournalEvent, Recorder } from '../domain/journal-event.ts';
import { parseMac } from '../domain/mac.ts';
import { machineKey } from '../domain/machine.ts';
import { parseUuid } from '../domain/uuid.ts';
import type { MachineEvent } from '../doors/dhcp/door.ts';
import type { AnswerEvent } from '../doors/http/answer-event.ts';
import type { TransferEvent } from '../doors/tftp/transfer-event.ts';

export interface JournalistOptions {
  readonly recorder: Recorder;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** When a machine that was sent this profile's script counts as failed. */
  readonly deadlineOf: (profile: string, at: number) => number | undefined;
}

/** Says in the journal's words what the doors saw. Called for every answer: no copies, no waiting. */
export interface Journalist {
  answered(event: AnswerEvent): void;
  transferred(event: TransferEvent): void;
  offered(event: MachineEvent): void;
}

export function createJournalist({ recorder, now, deadlineOf }: JournalistOptions): Journalist {
  return {
    answered(event) {
      const told = wordsOf(event, now(), deadlineOf);
      if (told !== undefined) recorder.record(told);
    },
    transferred({ client, file, size, ms, end }) {
      recorder.record({ kind: 'tftp', at: now(), from: client, file, bytes: end === 'done' ? size : 0, ms, end });
    },
    offered({ machine, file, silence }) {
      const mac = parseMac(machine.mac);
      const uuid = machine.uuid === undefined ? undefined : parseUuid(machine.uuid);
      if (mac === undefined) return;
      const { target } = machine;
      recorder.record({
        kind: 'dhcp',
        at: now(),
        facts: { mac, ...(uuid === undefined ? {} : { uuid }), platform: target.platform, arch: target.arch },
        client: machine.ipxe ? 'iPXE' : `${target.platform === 'efi' ? 'UEFI' : 'BIOS'}${target.http ? ' HTTP' : ''}`,
        ...(file === undefined ? {} : { file }),
        ...(silence === undefined ? {} : { silence }),
      });
    },
  };
}

const IMAGES = '/images/';

function wordsOf(
  event: AnswerEvent,
  at: number,
  deadlineOf: JournalistOptions['deadlineOf'],
): JournalEvent | undefined {
  const { kind, status, facts, decision, body } = event;
  const who = { at, ...(event.from === undefined ? {} : { from: event.from }), ...known(facts) };
  if (kind === 'image') {
    const { bytes, ms, complete } = event;
    // HEAD and 304 move nothing.
    if (event.method === 'HEAD' || (bytes === 0 && complete)) return undefined;
    return { ...who, kind: 'file', file: imageOf(event.path), bytes, ms, status, complete };
  }
  // Monitors ask for the health, and what they get is no machine's.
  if (kind === 'health' || event.method === 'HEAD') return undefined;
  if (status >= 400) {
    const message = body?.toString('utf8').trimEnd() ?? '';
    return { ...who, kind: 'refused', what: event.path, status, message };
  }
  if (event.source !== undefined && event.delivered !== undefined) {
    const chosen = decision === undefined ? {} : { decision };
    // What is kept of it may be read by whoever sees the journal.
    return { ...who, kind: 'document', source: event.source, body: hidePrivateKeys(event.delivered), ...chosen };
  }
  if (decision === undefined || body === undefined) return undefined;
  const deadline = decision.profile === undefined ? undefined : deadlineOf(decision.profile, at);
  return {
    ...who,
    kind: 'script',
    decision,
    body,
    ...(deadline === undefined ? {} : { deadline }),
    ...(event.fetches === undefined ? {} : { fetches: event.fetches }),
  };
}

function known(facts: MachineFacts | undefined): { readonly facts?: MachineFacts } {
  return facts === undefined || machineKey(facts) === undefined ? {} : { facts };
}

function imageOf(path: string): string {
  const name = path.startsWith(IMAGES) ? path.slice(IMAGES.length) : path;
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
