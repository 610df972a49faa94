import type { DocumentAnswer, Question } from '../boot/boot-service.ts';
import { parseLabel, type MachineFacts } from '../model/facts.ts';
import { parseSentMac } from '../model/mac.ts';

/** A machine has few network cards; a header for each. */
const MOST = 32;
const MAC_HEADER = /^x-rhn-provisioning-mac-\d{1,3}$/i;

/**
 * What Anaconda says of the machine when it fetches its kickstart: `X-RHN-Provisioning-MAC-0: eth0 52:54:..`, one for each
 * card (inst.ks.sendmac), and `X-System-Serial-Number` (inst.ks.sendsn). One entry for each name that it gives; what
 * cannot be read is left out, since the file is for whoever asks.
 */
export function provisioningFacts(rawHeaders: readonly string[]): readonly MachineFacts[] {
  const found: MachineFacts[] = [];
  for (let i = 0; i + 1 < rawHeaders.length && found.length < MOST; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (MAC_HEADER.test(name)) {
      const mac = parseSentMac(value.trim().split(/\s+/).at(-1) ?? '');
      if (mac !== undefined) found.push({ mac });
    } else if (name.toLowerCase() === 'x-system-serial-number') {
      const serial = parseLabel(value);
      if (serial !== undefined) found.push({ serial });
    }
  }
  return found;
}

/** The questions that a request for a document may be: its query says who asks, else its headers give several names. */
export function withHeaders(question: Question, rawHeaders: readonly string[]): readonly [Question, ...Question[]] {
  const { mac, uuid, serial } = question.facts;
  if (mac !== undefined || uuid !== undefined || serial !== undefined) return [question];
  const [first, ...more] = provisioningFacts(rawHeaders).map((facts) => ({
    ...question,
    facts: { ...question.facts, ...facts },
  }));
  return first === undefined ? [question] : [first, ...more];
}

interface Found {
  readonly facts: MachineFacts;
  readonly answer: DocumentAnswer;
}

/** The answer to the name that a profile lists; else the first answer that there is. Throws as the first question does. */
export async function firstFound(
  questions: readonly [Question, ...Question[]],
  find: (question: Question) => Promise<DocumentAnswer>,
): Promise<Found> {
  let first: Found | undefined;
  let refused: unknown;
  for (const question of questions) {
    try {
      const answer = await find(question);
      const found = { facts: question.facts, answer };
      if (answer.decision.node !== undefined) return found;
      first ??= found;
    } catch (error) {
      refused ??= error;
    }
  }
  if (first === undefined) throw refused;
  return first;
}
