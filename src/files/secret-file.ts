import { type DataRoot, openDataRoot, type ReadFile } from './data-root.ts';
import { asFailure, Failure } from '../model/failure.ts';
import { parseFileName, parseName } from '../model/name.ts';
import { isExposedMode } from './private-file.ts';
import { shownPath } from './system-error.ts';

/** Where a secret is kept: a file below secrets/ of the data directory, or a credential of systemd. */
export type SecretRef = { readonly file: string } | { readonly credential: string };

export interface SecretFiles {
  /**
   * The secret's text, without the line end after it. A Failure names the file and the remedy, never what is in it:
   * `not-found`, `refused` (others may read it, it leaves the root), `too-large`, `unavailable`, `broken` (empty, not UTF-8).
   */
  read(ref: SecretRef): Promise<string>;
}

/** `credentials`: the folder that systemd names in CREDENTIALS_DIRECTORY; undefined where it gave none. */
export function openSecrets(root: DataRoot, credentials: string | undefined): SecretFiles {
  return {
    async read(ref) {
      const content =
        'file' in ref ? await readFileBelow(root, ref.file) : await readCredential(credentials, ref.credential);
      return textOf(content.bytes, secretName(ref));
    },
  };
}

/** The folder of the data directory that no route and no page shows. */
export const SECRETS = 'secrets';

/** How messages call it: `secrets/w1.token`, `credential w1.token`. */
export function secretName(ref: SecretRef): string {
  return 'file' in ref ? shownPath(ref.file) : `credential ${shownPath(ref.credential)}`;
}

/** Longer than a key with its chain of certificates. */
const MOST = 64 * 1024;

async function readFileBelow(root: DataRoot, file: string): Promise<ReadFile> {
  const name = file.startsWith(`${SECRETS}/`) ? parseName(file.slice(SECRETS.length + 1)) : undefined;
  if (name === undefined) {
    throw new Failure('refused', `"${shownPath(file)}" is not the file of a secret`, {
      remedy: `put it into ${SECRETS}/ of the data directory, and write "${SECRETS}/NAME"`,
    });
  }
  const content = await root.read(file, MOST).catch((error: unknown) => {
    throw withRemedy(
      asFailure(error),
      file,
      `put the secret there, and let only its owner read it (chmod 600 ${file})`,
    );
  });
  if (isExposedMode(content)) {
    const mode = (content.mode & 0o777).toString(8).padStart(4, '0');
    throw new Failure('refused', `${file} may be read or changed by others than its owner (mode ${mode})`, {
      remedy: `chmod 600 ${file}, and change the secret: others may know it`,
    });
  }
  return content;
}

/** Systemd keeps others away from that folder by itself; the files' modes are its business. */
async function readCredential(folder: string | undefined, name: string): Promise<ReadFile> {
  const remedy = `write LoadCredential=${shownPath(name)}:/PATH/OF/THE/FILE into the unit, and start it again`;
  if (parseFileName(name) === undefined) {
    throw new Failure('refused', `"${shownPath(name)}" is not the name of a credential`, {
      remedy: 'write the name that stands before the colon of LoadCredential=',
    });
  }
  if (folder === undefined) {
    throw new Failure('not-found', `systemd gave the server no credentials, so not ${name}`, { remedy });
  }
  try {
    return await (await openDataRoot(folder)).read(name, MOST);
  } catch (error) {
    throw withRemedy(asFailure(error), `credential ${name}`, remedy);
  }
}

function withRemedy({ code, message, cause, ...failure }: Failure, what: string, remedy: string): Failure {
  if (code === 'not-found') return new Failure(code, `${what} does not exist`, { remedy, cause });
  const named = message.includes(what) ? message : `${what}: ${message}`;
  return new Failure(code, named, { remedy: failure.remedy ?? remedy, cause });
}

function textOf(bytes: Buffer, name: string): string {
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw new Failure('broken', `${name} is empty`, { remedy: 'put the secret into it' });
  // A text goes into documents: what is not UTF-8 would arrive as something else.
  if (text.includes('\0') || !Buffer.from(bytes.toString('utf8')).equals(bytes)) {
    throw new Failure('broken', `${name} is not text in UTF-8`, {
      remedy: 'keep it as base64, and decode it where it is used',
    });
  }
  return text;
}
