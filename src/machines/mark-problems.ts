import type { FileDiagnostic } from '../model/failure.ts';
import { markFileName, MARKS_FOLDER } from './mark-file.ts';
import type { InstallMark } from './mark.ts';

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
