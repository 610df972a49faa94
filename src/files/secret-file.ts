import { type DataRoot, identityOf, openDataRoot, type ReadFile, settledIdentity } from './data-root.ts';
import { asFailure, Failure, unlessFailed } from '../model/failure.ts';
import { parseFileName, parseName } from '../model/profile.ts';
import { secretName, type SecretReader } from '../model/secret.ts';
import { isExposedMode } from './private-file.ts';
import { shownPath } from './system-error.ts';

/** `credentials`: the folder that systemd names in CREDENTIALS_DIRECTORY; undefined where it gave none. */
export function openSecrets(root: DataRoot, credentials: string | undefined): SecretReader {
  // What was read and has not changed since: a profile may name ten thousand, and asks for all at every look.
  const known = new Map<string, { readonly identity: string; readonly text: string }>();
  return {
    async read(ref) {
      const name = secretName(ref);
      const before = known.get(name);
      const facts = before === undefined ? undefined : await unlessFailed(root.stat(name));
      if (before !== undefined && facts !== undefined && identityOf(facts) === before.identity) return before.text;
      known.delete(name);
      const now = Date.now();
      const content =
        'file' in ref ? await readFileBelow(root, ref.file) : await readCredential(credentials, ref.credential);
      const text = textOf(content.bytes, shownPath(name));
      const identity = settledIdentity(content, now);
      if ('file' in ref && identity !== undefined) known.set(name, { identity, text });
      return text;
    },
  };
}

/** The folder of the data directory that no route and no page shows. */
const SECRETS = 'secrets';

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
