import { Failure } from '../../domain/failure.ts';
import type { Command, Invocation } from '../command.ts';
import { EXIT, type CliContext, type ExitCode } from '../context.ts';
import { busy } from './busy.ts';
import { jsonTeller, parentTeller, textTeller } from '../sync-teller.ts';
import { reportText } from '../sync-text.ts';

export const syncCommand: Command = {
  name: 'sync',
  usage: '',
  summary: 'fetch, verify and publish new releases, and let the profiles boot them',
  details:
    'For every channel that a profile with "update": "auto" follows: looks up the current release, downloads what is\n' +
    'missing, checks every signature and digest, publishes it below images/ in one step, and rewrites the "version" of\n' +
    'those profiles. Works beside a running server. Exit status 1 when something failed (everything else is done all the\n' +
    'same), 75 when another sync is running.',
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
    const { syncOnce } = await import('../../app/sync-once.ts');
    // Machines that boot meanwhile go first.
    context.stepBack?.();
    const parent = invocation.has('ipc') ? context.parent?.() : undefined;
    if (invocation.has('ipc') && parent === undefined)
      throw new Failure('invalid', 'no program that speaks IPC started this one');
    const json = invocation.has('json');
    const teller =
      parent !== undefined
        ? parentTeller(parent, Date.now)
        : json
          ? jsonTeller(context.stdout, Date.now)
          : textTeller(context.stderr, Date.now);
    for (const warning of invocation.warnings) context.stderr.write(`warning: ${warning}\n`);
    try {
      const done = await syncOnce(invocation.settings, {
        signal: parent === undefined ? context.stop : AbortSignal.any([context.stop, parent.gone]),
        tell: teller.tell,
        warn: (text) => context.stderr.write(`warning: ${text}\n`),
        options: { dryRun: invocation.has('dry-run'), allowDowngrade: invocation.has('allow-downgrade') },
      });
      teller.stop();
      if (done.kind === 'busy') return busy(context, done.message);
      if (!json && parent === undefined) context.stdout.write(reportText(done.value));
      return done.value.failed === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      teller.stop();
      await parent?.close();
    }
  },
};

async function changePin(
  { settings }: Invocation,
  context: CliContext,
  profile: string,
  change: 'pin' | 'unpin',
): Promise<ExitCode> {
  const { pinProfile } = await import('../../app/pin.ts');
  const done = await pinProfile(settings, profile, change);
  if (done.kind === 'busy') return busy(context, done.message);
  context.stdout.write(`${done.value}\n`);
  return EXIT.ok;
}
