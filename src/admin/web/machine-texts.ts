import type { SentAndNow } from '../../model/views.ts';
import { optionalMoment, type Moment } from './format.ts';
import { lineDiff } from './line-diff.ts';
import { slug } from './links.ts';
import { textDiff, type TextDiff } from './text-diff.ts';

/** Exactly what a machine was sent, and what it would be sent now. */
export interface MachineText {
  readonly title: string;
  readonly slug: string;
  readonly sentAt: Moment | undefined;
  readonly sent: string | undefined;
  readonly now: string | undefined;
  /** Both are there and differ. */
  readonly diff: TextDiff | undefined;
  readonly problem: string | undefined;
  /** `would be the same now`, `2 lines added, 1 line removed`. */
  readonly verdict: string;
  readonly changed: boolean;
}

export function machineText(text: SentAndNow, now: number): MachineText {
  const both = text.sent !== undefined && text.now !== undefined;
  const diff = both && text.sent !== text.now ? textDiff(lineDiff(text.sent ?? '', text.now ?? '')) : undefined;
  return {
    title: text.title,
    slug: slug(text.title),
    sentAt: optionalMoment(text.sentAt, now),
    sent: text.sent,
    now: text.now,
    diff,
    problem: text.problem,
    verdict: verdictOf(text, diff),
    changed: diff !== undefined || text.problem !== undefined,
  };
}

function verdictOf({ sent, now, problem }: SentAndNow, diff: TextDiff | undefined): string {
  if (problem !== undefined) return 'cannot be sent now';
  if (diff !== undefined) return `would change: ${diff.same ? 'line ends only' : diff.summary}`;
  if (sent === undefined) return now === undefined ? 'nothing to show' : 'not sent yet';
  return now === undefined ? 'would not be sent now' : 'would be the same now';
}
