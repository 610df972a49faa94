import { Failure, failureLine } from '../model/failure.ts';
import { problemLine } from '../model/problem.ts';
import type { CheckReport } from './check.ts';
import { findingsAbout, type Finding } from './finding.ts';

const say = findingsAbout('data');
const SHOWN = 5;

/** The data directory, as `pilotlight check` sees it. */
export async function dataFindings(check: () => Promise<CheckReport>): Promise<readonly Finding[]> {
  let report: CheckReport;
  try {
    report = await check();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [say.problem(failureLine(error), 'name the folder with profiles/ in PILOTLIGHT_DATA_DIR')];
  }
  const { profiles, nodes, documents, problems } = report;
  const findings: Finding[] = problems.slice(0, SHOWN).map((problem) => {
    const level = problem.severity === 'error' ? say.problem : say.warning;
    return level(
      problemLine({ ...problem, remedy: '' }).replace(/ \(\)$/, ''),
      problem.remedy ?? 'see `pilotlight check`',
    );
  });
  if (problems.length > SHOWN) {
    const rest = problems.slice(SHOWN);
    const errors = rest.some(({ severity }) => severity === 'error');
    findings.push((errors ? say.problem : say.warning)(`and ${String(rest.length)} more`, 'see `pilotlight check`'));
  }
  if (profiles === 0) findings.push(say.warning('no profile in profiles/', 'copy profiles/seed.json and edit it'));
  else
    findings.unshift(say.ok(`${count(profiles, 'profile')}, ${count(nodes, 'node')}, ${count(documents, 'document')}`));
  return findings;
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
