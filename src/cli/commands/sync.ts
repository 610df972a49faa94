import type { FollowedSync } from '../../admin/client/client.ts';
import { Failure, problemLine } from '../../model/failure.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import { settingFlags } from '../../settings/table.ts';
import type { Settings } from '../../settings/settings.ts';
import { withAdminClient } from '../admin-call.ts';
import { busy, type Command, EXIT, type Invocation, JSON_OPTION } from '../command.ts';
import { jsonPrinter, parentPrinter, reportText, textPrinter } from '../sync-text.ts';

export const syncCommand: Command = {
  name: 'sync',
  words: '',
  summary: 'fetch, verify and publish new releases, and let the profiles boot them',
  details:
    'For every channel that a profile with "update": "auto" follows: looks up the current release, downloads what is\n' +
    'missing, checks every signature and digest, publishes it below images/ in one step, and rewrites the "version" of\n' +
    'those profiles. A server that runs on the data directory does it, with its own settings, and this command shows it:\n' +
    'Ctrl-C ends the watching, not the run. Exit status 1 when something failed (everything else is done all the same),\n' +
    '75 when another sync is running.',
  options: {
    '--dry-run': 'only say what would be done',
    '--json': 'one JSON object a line on standard output, the last one is the report',
    '--ipc': 'the same objects to the program that started this one, over Node’s IPC channel',
    '--allow-downgrade': 'also take a release that is older than the one in force',
    '--pin <PROFILE>': 'let PROFILE keep its version from now on, and do nothing else',
    '--unpin <PROFILE>': 'let PROFILE follow its channel again, and do nothing else',
  },
  async run(invocation, context) {
    const { settings, has, text } = invocation;
    const { stdout, stderr } = context;
    for (const change of ['pin', 'unpin'] as const) {
      const profile = text(change);
      if (profile === undefined) continue;
      const done = await withAdminClient(settings, (client) => client.pin(profile, change));
      if (done.kind === 'busy') return busy(stderr, done.message);
      stdout.write(`${done.value}\n`);
      return EXIT.ok;
    }
    const parent = has('ipc') ? context.parent?.() : undefined;
    if (has('ipc') && parent === undefined) throw new Failure('invalid', 'no program that speaks IPC started this one');
    const printer =
      parent !== undefined
        ? parentPrinter(parent, Date.now)
        : has('json')
          ? jsonPrinter(stdout, Date.now)
          : textPrinter(stderr, Date.now);
    for (const mistake of settings.mistakes ?? []) stderr.write(`warning: ${problemLine(mistake)}\n`);
    try {
      const once: SyncOnce = {
        signal: parent === undefined ? context.stop : AbortSignal.any([context.stop, parent.gone]),
        emit: printer.on,
        warn: (warning) => stderr.write(`warning: ${warning}\n`),
        options: { dryRun: has('dry-run'), allowDowngrade: has('allow-downgrade') },
      };
      // A run that the server started is its own, and a dry run changes nothing: neither asks the server.
      const alone = parent !== undefined || has('dry-run');
      // Machines that boot meanwhile go first.
      const stepBack = context.stepBack?.bind(context);
      const done = alone ? await here(settings, once, stepBack) : await byClient(invocation, once, stepBack);
      printer.stop();
      if (done.kind === 'left') {
        stderr.write(
          'pilotlight: no longer watched; the run goes on in the server: see `pilotlight sync` later, or the Releases page\n',
        );
        return EXIT.failed;
      }
      if (done.kind === 'busy') return busy(stderr, done.message);
      if (!has('json') && parent === undefined) stdout.write(reportText(done.value));
      return done.value.failed === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      printer.stop();
      await parent?.close();
    }
  },
};

/** Settings that a run of the sync looks at. */
const OF_THE_SYNC = /^(?:mirror|trust|key)-|^(?:keep-releases|allow-sha1)$/;

async function here(settings: Settings, once: SyncOnce, stepBack?: () => void): Promise<FollowedSync> {
  const { syncOnce } = await import('../../releases/sync-once.ts');
  stepBack?.();
  return await syncOnce(settings, once);
}

async function byClient({ settings, text }: Invocation, once: SyncOnce, stepBack?: () => void): Promise<FollowedSync> {
  return await withAdminClient(settings, async (client) => {
    const ignored = settingFlags().filter((flag) => OF_THE_SYNC.test(flag) && text(flag) !== undefined);
    if (client.at === 'files') stepBack?.();
    else if (ignored.length > 0) {
      const flags = ignored.map((flag) => `--${flag}`).join(', ');
      once.warn(`a server runs here and syncs with its own settings: ${flags} of this command line count for nothing`);
    }
    return await client.sync(once);
  });
}

export const rollbackCommand: Command = {
  name: 'rollback',
  words: '<PROFILE> [VERSION]',
  summary: 'let a profile boot the release before, and keep it there until a newer one is published',
  details:
    'Without VERSION: the newest published release that is older than the one the profile names. The sync leaves the\n' +
    'profile alone until its publisher has something newer than what was rolled back. Exit status 75 when a sync is running.\n' +
    'Where a server runs on the data directory, it does it.',
  options: JSON_OPTION,
  async run({ settings, words: [name = '', version], print }, { stderr }) {
    const done = await withAdminClient(settings, (client) => client.rollback(name, version));
    if (done.kind === 'busy') return busy(stderr, done.message);
    const { profile, from, to, heldAbove } = done.value;
    const until = heldAbove === undefined ? '' : `, until something newer than ${heldAbove} is published`;
    return print(
      done.value,
      `${from === to ? `${profile} boots ${to} already` : `${profile}: ${from} -> ${to}`}${until}\n`,
    );
  },
};
