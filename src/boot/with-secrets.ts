import type { Secrets } from '../catalog/snapshot.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Json } from '../model/profile.ts';
import { secretName, secretByName, type SecretRef } from '../model/secret.ts';

/** Looks a secret up for a document. Throws Failure where it cannot be read. */
export type SecretOf = (ref: SecretRef) => Json;

/** A document for its machine, and how it may be shown. */
export interface Delivered {
  readonly body: Buffer;
  /** Without secrets. Absent where there is none in it. */
  readonly shown?: () => Buffer;
}

/**
 * Makes a document with its secrets. What is kept and shown of it is made a second time with each secret's name in its
 * place: no search for secrets in what was sent can miss one, however a template packs it. An error that came of a
 * secret's own text is said without it. `samples`: a secret that cannot be read is its name, for looking at a template.
 */
export function madeWithSecrets(
  make: (secretOf: SecretOf, options: { readonly checked: boolean }) => Buffer,
  known: Secrets,
  samples = false,
): Delivered {
  const used = new Set<string>();
  let unreadable: Failure | undefined;
  const secretOf = (ref: SecretRef): string => {
    const name = secretName(ref);
    const found = known.get(name);
    if (typeof found !== 'string') {
      if (samples) return secretByName(ref);
      throw (unreadable = whyUnreadable(name, found));
    }
    used.add(name);
    return found;
  };
  try {
    const body = make(secretOf, { checked: true });
    return used.size === 0 ? { body } : { body, shown: () => shownOf(make) };
  } catch (error) {
    if (!(error instanceof Failure) || used.size === 0 || error === unreadable) throw error;
    throw withoutSecrets(make, error, [...used]);
  }
}

function whyUnreadable(name: string, found: Failure | undefined): Failure {
  if (found === undefined) return new Failure('unavailable', `${name} is not read yet`, { remedy: 'ask again' });
  const { message, remedy } = found;
  return new Failure('broken', `a secret cannot be read: ${message}`, { remedy });
}

type Make = Parameters<typeof madeWithSecrets>[0];

function shownOf(make: Make): Buffer {
  try {
    return make(secretByName, { checked: false });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return Buffer.from(`(left out: without its secrets it cannot be made: ${failureLine(error)})\n`);
  }
}

/** The error that the document has anyhow, or that there is one. */
function withoutSecrets(make: Make, { code, place }: Failure, names: readonly string[]): Failure {
  try {
    make(secretByName, { checked: true });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  const where = place === undefined ? {} : { place: { file: place.file, line: place.line } };
  return new Failure(code, `it is wrong with what is in ${names.join(', ')}, and right without`, {
    ...where,
    remedy: 'look for quotes and line ends in the secret, and write it by {{json ...}} or {{indent ... 4}}',
  });
}
