import { createHash } from 'node:crypto';
import { catalogFileAt } from '../../catalog/catalog-file.ts';
import type { FileEdit } from '../../files/data-root.ts';
import { isError } from '../../model/failure.ts';
import type { Activity, FileDiff } from '../../model/operator.ts';
import { hidePrivateKeys } from '../../model/redact.ts';
import type { DiffLine, Preview } from '../../model/file-views.ts';
import type { AccountOperations } from './accounts.ts';
import { lineDiff } from './line-diff.ts';
import type { AdminOperations } from './service.ts';

type Told = Pick<Activity, 'action' | 'diff' | 'target' | 'text'>;
type Operations = AccountOperations & Omit<AdminOperations, 'accounts'>;

/** What looks and changes nothing. Every other operation is told below, or does not compile. */
type Look =
  | 'account' | 'activities' | 'apiTokens' | 'file' | 'files' | 'fileVersion' | 'health' | 'leases' | 'machine'
  | 'machines' | 'machineLog' | 'onChange' | 'previewFile' | 'profile' | 'profiles' | 'releases' | 'rollouts' | 'sent' | 'sessions' | 'syncSteps' | 'users'; // prettier-ignore
type Change = Exclude<keyof Operations, Look>;

type Teller<K extends Change> = (
  done: Awaited<ReturnType<Operations[K]>>,
  ...args: Parameters<Operations[K]>
) => Told | undefined;

/** How each change is told. No password and no token is ever among what is told. */
const TELLERS: { readonly [K in Change]: Teller<K> } = {
  adopt: ({ file, name }, { key }) => told('adopt', key, `into ${file} as ${name}`),
  release: ({ file, name }, key) => told('release', key, `out of ${file}, where it was ${name}`),
  reinstall: ({ key, name }) => told('reinstall', key, `${name ?? key} will be erased at its next boot`),
  reinstallNow: ({ key, name }) => told('reinstall now', key, `${name ?? key} is erased and installed now`),
  power: ({ key, name }, _machine, action) =>
    action === 'status' ? undefined : told('power', key, `power of ${name ?? key}: ${action}`),
  cancelReinstall: ({ key, name }) => told('cancel reinstall', key, `the disk of ${name ?? key} stays as it is`),
  bootOnce: ({ key, name }, _machine, profile, erase) =>
    told('boot once', key, `${name ?? key} boots ${profile} once${erase === true ? ', which may erase its disk' : ''}`),
  cancelBootOnce: ({ key, name }) => told('cancel boot once', key, `${name ?? key} boots its own profile next`),
  releaseClaim: ({ key, name }) => told('release claim', key, `the installer that left for ${name ?? key} is let go`),
  acceptState: ({ accepted }) =>
    accepted
      ? told('accept state', 'state/', 'the loss of state/ is accepted: machines may be installed again')
      : undefined,
  saveFile: (preview, _file, text) =>
    text === undefined ? toldFile('remove', preview, 'was removed') : toldFile('save', preview, 'was written'),
  restoreFile: (preview) => toldFile('restore', preview, 'has an older version again'),
  syncNow: ({ started }, wishes) =>
    started
      ? told(
          'sync',
          undefined,
          `a run of the sync was begun${wishes?.allowDowngrade === true ? ', older releases allowed' : ''}`,
        )
      : undefined,
  rollback: ({ profile, from, to }) => told('roll back', `profiles/${profile}.json`, `from ${from} to ${to}`),
  pin: ({ message }, profile, change) => told(change, `profiles/${profile}.json`, message),
  rollout: ({ to, state }, profile, { action }) =>
    told(`rollout ${action ?? 'begin'}`, `profiles/${profile}.json`, `of ${to}: ${state}`),
  prune: ({ removed }) =>
    told(
      'prune',
      undefined,
      removed.length === 0
        ? 'nothing to remove'
        : `removed ${removed.map(({ shelf }) => `images/${shelf}`).join(', ')}`,
    ),
  beginUpload: () => undefined,
  uploadPiece: () => undefined,
  importUpload: ({ shelves }) =>
    told(
      'upload images',
      undefined,
      shelves.length === 0 ? 'nothing new was published' : shelves.map((shelf) => `images/${shelf}`).join(', '),
    ),
  addUser: ({ name }, { role }) => told('add user', name, `${name} is ${role}`),
  setUserRole: ({ name }, _name, role) => told('change role', name, `${name} is ${role}`),
  setPassword: ({ name }) => told('change password', name, `${name} has another password`),
  removeUser: ({ name }) => told('remove user', name, `${name} is removed`),
  createApiToken: ({ user, ends }, { name, role }) =>
    told(
      'make token',
      user,
      `"${name}" of ${user}${role === undefined ? '' : ` as ${role}`}, until ${new Date(ends).toISOString()}`,
    ),
  revokeApiToken: ({ user, name }) => told('revoke token', user, `"${name}" of ${user}`),
  endSession: ({ user }) => told('end session', user, `a session of ${user ?? 'the admin token'}`),
};

/** `save profile`, `remove key`. A text with errors is not written. */
function toldFile(action: string, { file, problems }: Preview, text: string): Told | undefined {
  const what = catalogFileAt(file)?.what ?? 'file';
  return problems.some(isError) ? undefined : told(`${action} ${what}`, file, `${file} ${text}`);
}

function told(action: string, target: string | undefined, text: string): Told {
  return { action, target, text: text.slice(0, 500) };
}

/** What is written down of an operation that was done; undefined for one that changed nothing. */
export function toldOf(
  name: string,
  done: unknown,
  args: readonly unknown[],
  edits: readonly FileEdit[],
): Told | undefined {
  const tellers = TELLERS as Readonly<Record<string, ((...all: readonly unknown[]) => Told | undefined) | undefined>>;
  const told = tellers[name]?.(done, ...args);
  const diff = diffOf(edits);
  return told === undefined || diff.length === 0 ? told : { ...told, diff };
}

/** Lines around a change. */
const AROUND = 3;
const MOST_LINES = 200;

/** What became of each file, from before the first edit to after the last. */
export function diffOf(edits: readonly FileEdit[]): readonly FileDiff[] {
  const files = new Map<string, FileEdit>();
  for (const edit of edits) files.set(edit.file, { ...edit, before: (files.get(edit.file) ?? edit).before });
  return [...files.values()].flatMap(({ file, before, after }) => {
    const lines = aroundChanges(lineDiff(shown(before), shown(after)));
    return lines.length === 0 ? [] : [{ file, lines }];
  });
}

/** `password`, `join_token`, `psk`: a profile's own words may hold what is secret. */
const SECRET_KEY = /pass|secret|token|psk|credential|private|hash/i;
const SECRET_VALUE =
  /("?[\w-]{0,64}(?:pass|secret|token|psk|credential|private|hash)[\w-]{0,64}"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,"{}[\]]+)/gi;

/** In documents: a hash as crypt(3) writes it, a preseed's answer, a kickstart's root password, a block of YAML. */
const SECRETS_OF_DOCUMENTS = [
  /()\$(?:[1567y]|2[aby]?|gy)\$[./A-Za-z0-9$,=]+/g,
  /^([ \t]*\S+[ \t]+\S*passw\S*[ \t]+(?:password|string)[ \t]+).+$/gm,
  /^([ \t]*rootpw\b(?:[ \t]+--\S+)*[ \t]+)(?!--).+$/gm,
  /^(([ \t]*)(?:- )?[\w-]{0,64}(?:pass|secret|token|psk|credential|private|hash)[\w-]{0,64}:[ \t]*[|>][^\n]*\n)(?:\2[ \t]+[^\n]*(?:\n|(?![^]))|\n)+/gim,
];

/** Without what must not be kept: private keys, and the values of keys that sound secret. */
function shown(bytes: Buffer | undefined): string {
  if (bytes === undefined) return '';
  let text = Buffer.from(hidePrivateKeys(bytes)).toString('utf8').replaceAll(LONG_LINE, shortLine);
  for (const secret of SECRETS_OF_DOCUMENTS) text = text.replaceAll(secret, `$1${LEFT_OUT}`);
  text = text.replaceAll(SECRET_VALUE, `$1${LEFT_OUT}`);
  for (const value of secretTexts(bytes)) text = text.replaceAll(value, LEFT_OUT);
  return text;
}

/** Files packed into a document: no person reads them, and looking for secrets in them would take minutes. */
const LONG_LINE = /^.{4000,}$/gm;

function shortLine(line: string): string {
  const digest = createHash('sha256').update(line).digest('hex').slice(0, 12);
  return `${line.slice(0, 200)}... (${line.length} characters, ${digest})`;
}

const LEFT_OUT = '(left out)';

/** Every text below such a key, as JSON writes it: also in lists and objects over several lines. */
function secretTexts(bytes: Buffer): readonly string[] {
  const found: string[] = [];
  const look = (value: unknown, secret: boolean): void => {
    if (typeof value === 'string' && secret) found.push(JSON.stringify(value));
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) look(item, secret || SECRET_KEY.test(key));
  };
  try {
    look(JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')), false);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return found;
}

function aroundChanges(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Set<number>();
  for (const [i, { sign }] of lines.entries()) {
    if (sign !== ' ') for (let j = i - AROUND; j <= i + AROUND; j += 1) near.add(j);
  }
  const kept = lines.flatMap(({ sign, text }, i): readonly DiffLine[] => {
    if (near.has(i)) return [{ sign, text: text.slice(0, 300) }];
    return near.has(i + 1) && i > 0 ? [{ sign: ' ', text: '...' }] : [];
  });
  return kept.length <= MOST_LINES ? kept : [...kept.slice(0, MOST_LINES), { sign: ' ', text: '... and more' }];
}
