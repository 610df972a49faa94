import type { Activity, ActivityQuery, FileDiff, RecordedActivity } from '../model/operator.ts';
import { whole } from './event-table.ts';
import { type Database, prepare } from './sqlite.ts';

interface Row {
  readonly id: number;
  readonly at: number;
  readonly who: string;
  readonly source: string | null;
  readonly action: string;
  readonly target: string | null;
  readonly text: string;
  readonly diff: string | null;
}

/** What operators changed: few, so a page of them is read from the end. */
export function openActivity(db: Database) {
  const insert = prepare<[number, string, string | null, string, string | null, string, string | null, string]>(
    db,
    'INSERT INTO activity (at, who, source, action, target, text, diff, search) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const page = prepare<[Readonly<Record<string, string | number | null>>], Row>(
    db,
    `SELECT id, at, who, source, action, target, text, diff FROM activity
     WHERE (@after IS NULL OR id < @after) AND (@since IS NULL OR at >= @since)
       AND (@who IS NULL OR who = @who OR who LIKE @tokens ESCAPE '!')
       AND (@action IS NULL OR action = @action)
       AND (@text IS NULL OR instr(search, @text) > 0)
     ORDER BY id DESC LIMIT @limit`,
  );
  return {
    write({ at, who, from, action, target, text, diff }: Activity): void {
      const search = [who, from, action, target, text].join('\n').toLowerCase();
      insert.run(
        ...([
          whole(at),
          who,
          from ?? null,
          action,
          target ?? null,
          text,
          diff === undefined ? null : JSON.stringify(diff),
          search,
        ] as const),
      );
    },
    /** Newest first. `who`: a user with its tokens. */
    page({ who, action, text, since, after, limit }: ActivityQuery): readonly RecordedActivity[] {
      const rows = page.all({
        ...{ limit, who: who ?? null, action: action ?? null, since: since ?? null, after: after ?? null },
        tokens: who === undefined ? null : `${who.replaceAll(/[!%_]/g, '!$&')} (%`,
        text: text?.toLowerCase() ?? null,
      });
      return rows.map(({ source, target, diff, ...row }) => ({
        ...row,
        ...(source !== null && { from: source }),
        ...(target !== null && { target }),
        ...(diff !== null && { diff: JSON.parse(diff) as readonly FileDiff[] }),
      }));
    },
  };
}
