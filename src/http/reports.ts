import { Failure } from '../model/failure.ts';
import { show } from './percent.ts';
import { parseQuery } from './query.ts';
import { lineReply, type Reply } from './reply.ts';
import { saidIn } from './report-body.ts';
import type { Reports } from './old-http-reports.ts';
import type { Ask, Route } from './route.ts';
import { whoFromQuery, whoFromSegment, type Who } from './who.ts';

/** What machines report: `/phone-home/MAC` and `/installed/MAC`, POST only. */
export function reportRoutes(reports: Reports): ReadonlyMap<string, Route> {
  async function up(ask: Ask): Promise<Reply> {
    const who = reporterOf(ask);
    await reports.up(who, saidIn(ask.body ?? Buffer.alloc(0)));
    return noted(who);
  }

  async function installed(ask: Ask): Promise<Reply> {
    const who = reporterOf(ask);
    await reports.installed(who);
    return noted(who);
  }

  return new Map<string, Route>([
    ['/phone-home/', { kind: 'report', answer: up }],
    ['/installed/', { kind: 'report', answer: installed }],
  ]);
}

function noted({ facts }: Who): Reply {
  return { ...lineReply(200, 'noted'), facts, mac: facts.mac };
}

/** The segment says who it is, and the query may say more. Where both speak of one thing they must agree. */
function reporterOf(ask: Ask): Who {
  // cloud-init's documentation ends the URL with a slash.
  const segment = ask.rest.endsWith('/') ? ask.rest.slice(0, -1) : ask.rest;
  if (segment === '' || segment.includes('/')) {
    throw new Failure('not-found', `nobody reports at "${show(ask.rest)}"`, { remedy: 'name the machine by its MAC' });
  }
  const path = whoFromSegment(segment);
  const query = whoFromQuery(parseQuery(ask.query));
  for (const key of ['mac', 'uuid', 'serial'] as const) {
    const said = path.facts[key];
    if (said === undefined || query.facts[key] === undefined || said === query.facts[key]) continue;
    throw new Failure('invalid', `${key}: the path and the query differ`, { remedy: 'say it once' });
  }
  return { ...query, ...path, facts: { ...query.facts, ...path.facts } };
}
