import { resolve } from 'node:path';
import type { ImportReport } from '../../imports/matchbox.ts';
import { Failure, isError, placeText } from '../../model/failure.ts';
import { plural } from '../../model/text.ts';
import { type Command, EXIT, JSON_OPTION } from '../command.ts';
import { plain } from '../text.ts';

export const importCommand: Command = {
  name: 'import',
  words: '<matchbox> <DIR>',
  summary: 'convert the data directory of matchbox: its groups, profiles and documents',
  details:
    'Reads groups/, profiles/, ignition/, cloud/ and generic/ of DIR (usually /var/lib/matchbox) and writes profiles and\n' +
    'documents into the data directory. Each thing that it cannot convert is named with its line and what to do; exit\n' +
    'status 1 when there is one. Replaces no file: when one is there already, nothing is written. Images stay where they\n' +
    'are; it says where they belong.\n\n' +
    'examples:\n' +
    '  pilotlight import matchbox /var/lib/matchbox --to /srv/pilotlight --dry-run\n' +
    '  pilotlight import matchbox /var/lib/matchbox --to /srv/pilotlight',
  options: {
    '--to <DIR>': 'the data directory that is written to (default: the one of the settings)',
    '--dry-run': 'only say what would be written',
    ...JSON_OPTION,
  },
  async run({ settings, words: [what, dir = ''], text, has, print }, { cwd }) {
    if (what !== 'matchbox')
      throw new Failure('invalid', `there is nothing to import from "${what ?? ''}"`, { remedy: 'there is: matchbox' });
    const { importMatchbox } = await import('../../imports/matchbox.ts');
    const to = text('to');
    const report = await importMatchbox({
      from: resolve(cwd, dir),
      to: to === undefined ? settings.dataDir : resolve(cwd, to),
      dryRun: has('dry-run'),
    });
    print(report, reportText(report));
    return report.problems.some(isError) ? EXIT.failed : EXIT.ok;
  },
};

function reportText({ to, dryRun, written, installs, images, problems }: ImportReport): string {
  const verb = dryRun ? 'would write' : 'wrote';
  const lost = problems.filter(isError);
  return [
    ...written.map(({ file, from }) => `${verb} ${file}, from ${from.join(', ')}`),
    ...list('not converted:', lost),
    ...list(
      'different now:',
      problems.filter((problem) => !isError(problem)),
    ),
    ...(installs.length === 0
      ? []
      : [
          '',
          `${installs.join(', ')}: each machine of ${installs.length === 1 ? 'it' : 'them'} is erased and installed when it next boots from the network,`,
          'as with matchbox. Take "install" out for those that are to stay as they are.',
        ]),
    ...(images.length === 0
      ? []
      : ['', 'images (below DIR, and where they belong):', ...images.map((move) => `  ${move.from} -> ${move.to}`)]),
    '',
    `${plural(written.length, 'file')}${lost.length === 0 ? '' : `, and ${plural(lost.length, 'thing')} not converted`}`,
    ...(dryRun ? [] : [`next: pilotlight check --data-dir ${to}`]),
    '',
  ].join('\n');
}

function list(title: string, problems: ImportReport['problems']): readonly string[] {
  if (problems.length === 0) return [];
  const lines = problems.flatMap(({ place, message, remedy }) => [
    // Names in matchbox's files may be anything.
    `  ${plain(placeText(place))}: ${plain(message)}`,
    ...(remedy === undefined ? [] : [`    -> ${plain(remedy)}`]),
  ]);
  return ['', title, ...lines];
}
