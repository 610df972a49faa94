import { randomBytes } from 'node:crypto';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { Failure, failureLine, type FileDiagnostic } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { markFileName, MARKS_FOLDER } from './mark-file.ts';
import type { InstallMark } from './mark.ts';

/** Beside what people back up and move; hidden, so that it is no profile. */
const MARKER_FILE = 'profiles/.pilotlight';
const ID_FILE = `${MARKS_FOLDER}/pilotlight.id`;
const MAX_BYTES = 4096;
const ABOUT =
  'machines were installed from here: who, is in state/machines; without it none is installed again by itself';

/**
 * Notices that state/ was lost: once a machine is installed, an id stands in state/machines and in a file outside it. A
 * folder that was filled by hand has none, and waits for nothing.
 */
export class StateMarker {
  readonly #files: DataRoot;
  readonly #log: Log;
  #outside: string | undefined;
  #inside: string | undefined;
  #failed = false;
  #setting: Promise<void> | undefined;

  constructor(files: DataRoot, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  async read(): Promise<void> {
    this.#outside = await this.#idIn(MARKER_FILE);
    this.#inside = await this.#idIn(ID_FILE);
  }

  /** Machines were installed from here, and the state that says which is not there. */
  get lost(): boolean {
    return this.#outside !== undefined && this.#outside !== this.#inside;
  }

  /** A machine is installed: from now on a loss shows. That it cannot be written keeps no machine from anything. */
  set(): Promise<void> {
    if (this.#outside !== undefined) return Promise.resolve();
    // A rack reports at once: of two ids, one would stand inside and the other outside, as after a loss.
    this.#setting ??= this.#write().finally(() => {
      this.#setting = undefined;
    });
    return this.#setting;
  }

  async #write(): Promise<void> {
    const id = this.#inside ?? randomBytes(16).toString('hex');
    try {
      await this.#put(ID_FILE, id);
      this.#inside = id;
      await this.#put(MARKER_FILE, id);
      this.#outside = id;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!this.#failed) {
        this.#log.warn({ file: MARKER_FILE, problem: failureLine(error) }, 'a lost state/ would not be noticed');
      }
      this.#failed = true;
    }
  }

  /** An operator's go: what is in state/ now is all there is. Throws Failure `unavailable` when it cannot be written. */
  async accept(): Promise<void> {
    const id = this.#outside === undefined || this.#outside === '' ? randomBytes(16).toString('hex') : this.#outside;
    await this.#put(ID_FILE, id);
    if (id !== this.#outside) await this.#put(MARKER_FILE, id);
    this.#outside = this.#inside = id;
  }

  async #put(file: string, id: string): Promise<void> {
    await makeFolder(this.#files, MARKS_FOLDER);
    await replaceFile(this.#files, file, `${JSON.stringify({ id, about: ABOUT }, undefined, 2)}\n`);
  }

  /** Undefined: there is no such file. Empty: there is one, and it cannot be understood. */
  async #idIn(file: string): Promise<string | undefined> {
    try {
      const { bytes } = await this.#files.read(file, MAX_BYTES);
      const { id } = JSON.parse(bytes.toString('utf8')) as { readonly id?: unknown };
      return typeof id === 'string' ? id : '';
    } catch (error) {
      if (error instanceof Failure) return error.code === 'not-found' ? undefined : '';
      if (error instanceof SyntaxError || error instanceof TypeError) return '';
      throw error;
    }
  }
}

/** More than a person reads. */
const MOST = 20;

/** Said on screens, too, where a remedy fits behind it. */
export const LOST =
  'state/ was lost: machines were installed from here (profiles/.pilotlight), and which is not known any more';

/** What keeps machines from being installed, or from being known as installed. */
export function markProblems(
  trouble: string | undefined,
  lost: string | undefined,
  marks: readonly InstallMark[],
): readonly FileDiagnostic[] {
  const broken = marks.flatMap(({ key, broken: why }) => (why === undefined ? [] : [{ key, why }]));
  return [
    ...(trouble === undefined ? [] : [unwritable(trouble)]),
    ...(lost === undefined ? [] : [problem(MARKS_FOLDER, lost, 'restore it, or `pilotlight state accept`')]),
    ...broken.slice(0, MOST).map(({ key, why }): FileDiagnostic => {
      const remedy = `mend or remove the file and restart, or \`pilotlight reinstall ${key}\` if its disk may be wiped`;
      return problem(`${MARKS_FOLDER}/${markFileName(key)}`, `${why}, so the machine waits`, remedy);
    }),
    ...(broken.length > MOST ? [problem(MARKS_FOLDER, `${broken.length - MOST} more are like that`, '')] : []),
  ];
}

/** No installer leaves and no report is taken. */
export function unwritable(why: string): FileDiagnostic {
  const remedy = 'free some space, give the user that runs the server the folder, or stop the other server';
  return problem(
    MARKS_FOLDER,
    `${why}: machines are not installed, and their reports are refused until it can`,
    remedy,
  );
}

function problem(file: string, message: string, remedy: string): FileDiagnostic {
  return { severity: 'error', message, place: { file }, ...(remedy === '' ? {} : { remedy }) };
}
