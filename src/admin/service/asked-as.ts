import type { Question } from '../../boot/boot-service.ts';
import { factsFromQuery } from '../../http/facts.ts';
import { parseQuery, strictValue } from '../../http/query.ts';
import { Failure } from '../../model/failure.ts';
import { parseName } from '../../model/name.ts';
import { parseOrigin } from '../../model/origin.ts';

/**
 * The question that a boot script answered, as far as it repeats it: a script names the address at which the machine
 * asks again, with everything that it said of itself. So what it would be sent now is compared with what it was sent for
 * the same question, and not for one that a browser asks. Undefined for scripts that name none.
 */
export function askedAs(script: string): Question | undefined {
  const [, base = '', words = ''] = /(https?:\/\/[^\s"'|?]+)\/ipxe\?([^\s"'|]+)/.exec(script) ?? [];
  const origin = parseOrigin(base);
  if (base === '' || origin === undefined) return undefined;
  try {
    const query = parseQuery(words);
    const choice = parseName(strictValue(query, 'profile'));
    return { facts: factsFromQuery(query), origin, ...(choice === undefined ? {} : { choice }) };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
