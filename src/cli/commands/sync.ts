import type { FollowedSync } from '../../admin/client/follow-sync.ts';
import { Failure } from '../../model/failure.ts';
import type { Locked, SyncReport } from '../../model/sync-event.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import type { Settings } from '../../settings/settings.ts';
import { settingFlags } from '../../settings/table.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation } from '../command.ts';
import { jsonPrinter, parentPrinter, reportText, textPrinter } from '../sync-text.ts';

export const rollbackCommand: Command = {
  name: 'rollback',
  usage: 'PROFILE [VERSION]',
  summary: 'let a profile boot the release before, and keep it there until a newer one is published',
  details:
    'Without VERSION: the newest release on the shelf that is older than the one the profile names. The sync leaves the\n' +
    'profile alone until its publisher has something newer than what was rolled back. Exit status 75 when a sync is running.\n' +
    'Where a server runs on the data directory, it does it.',
  flags: [{ flag: 'json', type: 'boolean', help: 'one JSON object on standard output' }],
  words: { min: 1, max: 2 },
  async run(invocation, context) {
    const [name = '', version] = invocation.words;
    const { rollbackWherever } = await import('../../admin/client/wherever.ts');
    const done = await rollbackWherever(invocation.settings, name, version);
    if (done.kind === 'busy') return busy(context, done.message);
    const { profile, from, to, heldAbove } = done.value;
    const until = heldAbove === undefined ? '' : `, until something newer than ${heldAbove} is published`;
    const line = from === to ? `${profile} boots ${to} already` : `${profile}: ${from} -> ${to}`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done.value)}\n` : `${line}${until}\n`);
    return EXIT.ok;
  },
};

export const syncCommand: Command = {
  name: 'sync',
  usage: '',
  summary: 'fetch, verify and publish new releases, and let the profiles boot them',
  details:
    'For every channel that a profile with "update": "auto" follows: looks up the current release, downloads what is\n' +
    'missing, checks every signature and digest, publishes it below images/ in one step, and rewrites the "version" of\n' +
    'those profiles. A server that runs on the data directory does it, with its own settings, and this command shows it:\n' +
    'Ctrl-C ends the watching, not the run. Exit status 1 when something failed (everything else is done all the same),\n' +
    '75 when another sync is running.',
  flags: [
    { flag: 'dry-run', type: 'boolean', help: 'only say what would be done' },
    { flag: 'json', type: 'boolean', help: 'one JSON object a line on standard output, the last one is the report' },
    {
      flag: 'ipc',
      type: 'boolean',
      help: 'the same objects to the program that started this one, over Node’s IPC channel',
    },
    { flag: 'allow-downgrade', type: 'boolean', help: 'also take a release that is older than the one in force' },
    {
      flag: 'pin',
      type: 'string',
      value: 'PROFILE',
      help: 'let PROFILE keep its version from now on, and do nothing else',
    },
    {
      flag: 'unpin',
      type: 'string',
      value: 'PROFILE',
      help: 'let PROFILE follow its channel again, and do nothing else',
    },
  ],
  words: { min: 0, max: 0 },
  async run(invocation, context) {
    const pin = invocation.text('pin');
    const unpin = invocation.text('unpin');
    if (pin !== undefined) return await changePin(invocation, context, pin, 'pin');
    if (unpin !== undefined) return await changePin(invocation, context, unpin, 'unpin');
    const parent = invocation.has('ipc') ? context.parent?.() : undefined;
    if (invocation.has('ipc') && parent === undefined)
      throw new Failure('invalid', 'no program that speaks IPC started this one');
    const json = invocation.has('json');
    const teller =
      parent !== undefined
        ? parentPrinter(parent, Date.now)
        : json
          ? jsonPrinter(context.stdout, Date.now)
          : textPrinter(context.stderr, Date.now);
    for (const warning of invocation.warnings) context.stderr.write(`warning: ${warning}\n`);
    try {
      const once: SyncOnce = {
        signal: parent === undefined ? context.stop : AbortSignal.any([context.stop, parent.gone]),
        tell: teller.tell,
        warn: (text) => context.stderr.write(`warning: ${text}\n`),
        options: { dryRun: invocation.has('dry-run'), allowDowngrade: invocation.has('allow-downgrade') },
      };
      // What a server started is its run; a dry run changes nothing.
      const alone = parent !== undefined || invocation.has('dry-run');
      const done =
        (alone ? undefined : await byServer(invocation, once)) ?? (await here(invocation.settings, once, context));
      teller.stop();
      if (done.kind === 'left') {
        context.stderr.write(
          'pilotlight: no longer watched; the run goes on in the server: see `pilotlight sync` later, or the Releases page\n',
        );
        return EXIT.failed;
      }
      if (done.kind === 'busy') return busy(context, done.message);
      if (!json && parent === undefined) context.stdout.write(reportText(done.value));
      return done.value.failed === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      teller.stop();
      await parent?.close();
    }
  },
};

/** Settings that a run of the sync looks at. */
const OF_THE_SYNC = /^(?:mirror|trust|key)-|^(?:keep-releases|allow-sha1)$/;

async function here(settings: Settings, once: SyncOnce, context: CliContext): Promise<Locked<SyncReport>> {
  const { syncOnce } = await import('../../releases/sync-once.ts');
  // Machines that boot meanwhile go first.
  context.stepBack?.();
  return await syncOnce(settings, once);
}

async function byServer({ settings, text }: Invocation, once: SyncOnce): Promise<FollowedSync | undefined> {
  const { runningApi } = await import('../../admin/client/open-client.ts');
  const api = await runningApi(settings);
  if (api === undefined) return undefined;
  const unheard = settingFlags().filter((flag) => OF_THE_SYNC.test(flag) && text(flag) !== undefined);
  if (unheard.length > 0)
    once.warn(
      `a server runs here and syncs with its own settings: ${unheard.map((flag) => `--${flag}`).join(', ')} of this command line count for nothing`,
    );
  const { followSync } = await import('../../admin/client/follow-sync.ts');
  return await followSync(api, once);
}

async function changePin(
  { settings }: Invocation,
  context: CliContext,
  profile: string,
  change: 'pin' | 'unpin',
): Promise<ExitCode> {
  const { pinWherever } = await import('../../admin/client/wherever.ts');
  const done = await pinWherever(settings, profile, change);
  if (done.kind === 'busy') return busy(context, done.message);
  context.stdout.write(`${done.value}\n`);
  return EXIT.ok;
}

/** Another process holds the lock: nothing was done, and a script may try again later. */
export function busy(context: CliContext, message: string): ExitCode {
  context.stderr.write(`pilotlight: ${message}\n`);
  return EXIT.busy;
}
