import type { DocumentAnswer } from '../../boot/boot-service.ts';
import { findDocument, type Snapshot } from '../../catalog/snapshot.ts';
import { Failure, failureLine } from '../../model/failure.ts';
import { shownDocument } from '../../model/redact.ts';
import { type Question } from '../../model/plan.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../model/profile.ts';
import type { MachineHistory, RecordedMachine, SentAndNow, TimelineEvent } from '../../model/views.ts';
import type { AdminDeps } from './deps.ts';

type Deps = Pick<AdminDeps, 'bootHint' | 'catalog' | 'preview' | 'journal'>;

export interface MachineTexts {
  /** Why it gets what it would get now. */
  readonly because: string;
  /** Why it may not get that far. */
  readonly hint?: { readonly message: string; readonly remedy?: string | undefined };
  readonly texts: readonly SentAndNow[];
}

const SCRIPT = 'boot script';

/**
 * What a machine was sent last, and what the boot service would send it now: for the question that it asked last, so that
 * the two can be compared. `question`: where that is not known.
 */
export async function machineTexts(deps: Deps, history: RecordedMachine, question: Question): Promise<MachineTexts> {
  const events = history.boots.flatMap(({ events: all }) => all.toReversed());
  const script = await sent(deps, SCRIPT, lastOf(events, 'script'));
  const said = history.asked ?? question;
  const now = await scriptNow(deps, said);
  const documents = await documentTexts(deps, history, said, now.installs);
  const { mac } = question.facts;
  const hint = mac === undefined ? undefined : deps.bootHint?.(mac);
  return { because: now.because, ...(hint && { hint }), texts: [{ ...script, ...now.text }, ...documents] };
}

interface Now {
  readonly now?: string;
  readonly problem?: string;
}

interface ScriptNow {
  readonly text: Now;
  readonly because: string;
  readonly installs: boolean;
}

async function scriptNow({ preview }: Deps, question: Question): Promise<ScriptNow> {
  try {
    const { script, decision } = await preview.script(question);
    return { text: { now: script }, because: decision.because, installs: decision.outcome === 'install' };
  } catch (error) {
    const problem = problemOf(error);
    return { text: { problem }, because: problem, installs: false };
  }
}

async function documentTexts(
  deps: Deps,
  { boots }: MachineHistory,
  question: Question,
  installs: boolean,
): Promise<readonly SentAndNow[]> {
  const now = new Map<string, Now>();
  const snapshot = deps.catalog.current();
  const profile = snapshot.match(question.facts)?.profile ?? snapshot.profiles.get(question.choice ?? '');
  for (const kind of DOCUMENT_KINDS) {
    const name = profile?.[kind];
    if (name !== undefined) now.set(titleOf(kind, name, snapshot), await documentNow(deps, kind, question));
  }
  if (profile !== undefined && installs) {
    const text = await installerNow(deps, question);
    if (text !== undefined) now.set(profile.file, text);
  }
  const last = boots.find(({ events }) => events.some(({ kind }) => kind === 'document'));
  const texts: SentAndNow[] = [];
  for (const event of last?.events.toReversed() ?? []) {
    const { kind, what } = event;
    if (kind !== 'document' || what === undefined || texts.some(({ title }) => title === what)) continue;
    const gone = { problem: 'it would not be sent now: its profile does not name it' };
    texts.push({ ...(await sent(deps, what, event)), ...(now.get(what) ?? gone) });
    now.delete(what);
  }
  return [...texts.reverse(), ...[...now].map(([title, text]) => ({ title, ...text }))];
}

function titleOf(kind: DocumentKind, name: string, { documents }: Pick<Snapshot, 'documents'>): string {
  return findDocument(documents, kind, name)?.file ?? `configs/${name}`;
}

async function documentNow({ preview }: Deps, kind: DocumentKind, question: Question): Promise<Now> {
  try {
    return { now: shown(await preview.documentOf(kind, question)) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** As the journal keeps it: else every look would show a difference, and a secret. */
function shown(answer: DocumentAnswer): string {
  return Buffer.from(shownDocument(answer)).toString('utf8');
}

/** What installs the machine, where its live system is told so by a document. */
async function installerNow({ preview }: Deps, question: Question): Promise<Now | undefined> {
  for (const kind of ['ignition', 'cloud_config'] as const) {
    try {
      return { now: shown(await preview.installer(kind, question)) };
    } catch (error) {
      problemOf(error);
    }
  }
  return undefined;
}

async function sent({ journal }: Deps, title: string, event: TimelineEvent | undefined): Promise<SentAndNow> {
  if (event === undefined) return { title };
  const text = event.digest === undefined ? undefined : await journal.sent(event.digest);
  return { title, sentAt: event.at, ...(text === undefined ? {} : { sent: Buffer.from(text).toString('utf8') }) };
}

function lastOf(events: readonly TimelineEvent[], kind: TimelineEvent['kind']): TimelineEvent | undefined {
  return events.find((event) => event.kind === kind);
}

/** A Failure as a line for people; a bug stays a bug. */
function problemOf(error: unknown): string {
  if (error instanceof Failure) return failureLine(error);
  throw error;
}
