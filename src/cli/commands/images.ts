import { Failure } from '../../model/failure.ts';
import { parseVersion, SYSTEM_IDS } from '../../model/profile.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation } from '../command.ts';
import { jsonPrinter, reportText, textPrinter } from '../sync-text.ts';
import { bytesText, tableText } from '../text.ts';
import { busy } from './sync.ts';

type Action = (invocation: Invocation, context: CliContext) => Promise<ExitCode>;
const ACTIONS: Readonly<Record<string, Action>> = { list, prune, verify, import: bring };

export const imagesCommand: Command = {
  name: 'images',
  usage: '[list|prune|verify|import FILE...]',
  summary: 'what is published below images/: list it, check it, clean it up, import files',
  details:
    'list (the default): every release, its size, and why it is kept. prune: take away what no profile names, no node\n' +
    'booted in the last seven days, and is not among the newest; by the server, where one runs. verify: read every\n' +
    'published file again; exit status 1 when one is not what was published. import: publish files that were carried\n' +
    'here, with the same verification as a download; bring the signatures and lists that lie beside them at the\n' +
    'publisher, too. It works beside a running server, not through it.',
  flags: [
    { flag: 'dry-run', type: 'boolean', help: 'prune: only say what would go' },
    { flag: 'json', type: 'boolean', help: 'JSON on standard output' },
    {
      flag: 'system',
      type: 'string',
      value: 'SYSTEM',
      help: 'import: which system the files are of (default: by their names)',
    },
    {
      flag: 'channel',
      type: 'string',
      value: 'CHANNEL',
      help: 'import: which channel (default: the one that is followed)',
    },
    { flag: 'arch', type: 'string', value: 'ARCH', help: 'import: amd64 or arm64' },
    { flag: 'release', type: 'string', value: 'VERSION', help: 'import: which version, if no file says it' },
    { flag: 'allow-downgrade', type: 'boolean', help: 'import: also a release that is older than the one in force' },
  ],
  words: { min: 0, max: 100 },
  async run(invocation, context) {
    const [word = 'list', ...rest] = invocation.words;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined)
      throw new Failure('invalid', `there is no \`images ${word}\``, { remedy: 'list, prune, verify or import' });
    if (word !== 'import' && rest.length > 0) throw new Failure('invalid', `\`images ${word}\` takes no more words`);
    return await action(invocation, context);
  },
};

async function list(invocation: Invocation, { stdout }: CliContext): Promise<ExitCode> {
  const { listImages } = await import('../../releases/image-commands.ts');
  const plan = await listImages(invocation.settings);
  const rows = [
    ...plan.keep.map(({ release, because }) => ({ ...release, because: because.join(', '), kept: true })),
    ...plan.remove.map((release) => ({ ...release, because: '', kept: false })),
  ].sort((a, b) => (a.shelf < b.shelf ? -1 : 1));
  if (invocation.has('json')) {
    stdout.write(`${JSON.stringify(rows)}\n`);
    return EXIT.ok;
  }
  const lines = rows.map(({ shelf, size, because, kept }) => [
    `images/${shelf}`,
    bytesText(size),
    kept ? because : 'nothing: goes with the next sync',
  ]);
  stdout.write(
    lines.length === 0 ? 'nothing is published yet\n' : tableText([['RELEASE', 'SIZE', 'KEPT FOR'], ...lines]),
  );
  return EXIT.ok;
}

async function prune(invocation: Invocation, context: CliContext): Promise<ExitCode> {
  const { settings } = invocation;
  const json = invocation.has('json');
  const { listImages } = await import('../../releases/image-commands.ts');
  const plan = await listImages(settings);
  if (plan.hindered !== undefined && !json) context.stderr.write(`nothing is removed: ${plan.hindered}\n`);
  if (invocation.has('dry-run')) {
    const text = plan.remove.map(({ shelf, size }) => `would remove images/${shelf} (${bytesText(size)})\n`).join('');
    context.stdout.write(json ? `${JSON.stringify({ remove: plan.remove })}\n` : text);
    return EXIT.ok;
  }
  const teller = json ? jsonPrinter(context.stdout, Date.now) : textPrinter(context.stdout, Date.now);
  const { pruneWherever } = await import('../../admin/client/wherever.ts');
  const keep = invocation.text('keep-releases') === undefined ? undefined : settings.sync.keepReleases;
  const done = await pruneWherever(settings, keep, teller.tell);
  return done.kind === 'busy' ? busy(context, done.message) : EXIT.ok;
}

async function verify(invocation: Invocation, { stdout }: CliContext): Promise<ExitCode> {
  let wrong = 0;
  let all = 0;
  const { verifyImages } = await import('../../releases/image-commands.ts');
  await verifyImages(invocation.settings, (result) => {
    all += 1;
    if (result.state !== 'good') wrong += 1;
    if (invocation.has('json')) stdout.write(`${JSON.stringify(result)}\n`);
    else stdout.write(`${result.state.padEnd(7)}  images/${result.path}\n`);
  });
  if (!invocation.has('json'))
    stdout.write(
      wrong === 0
        ? `${all} files are as they were published\n`
        : `${wrong} of ${all} files are not as they were published: move their release away, the next sync fetches it again\n`,
    );
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

async function bring(invocation: Invocation, context: CliContext): Promise<ExitCode> {
  const [, ...paths] = invocation.words;
  if (paths.length === 0) throw new Failure('invalid', '`images import` needs files');
  const json = invocation.has('json');
  const teller = json ? jsonPrinter(context.stdout, Date.now) : textPrinter(context.stderr, Date.now);
  try {
    const { importImages } = await import('../../releases/image-commands.ts');
    const done = await importImages(invocation.settings, {
      request: requestOf(invocation),
      paths,
      cwd: context.cwd,
      signal: context.stop,
      tell: teller.tell,
      allowDowngrade: invocation.has('allow-downgrade'),
    });
    teller.stop();
    if (done.kind === 'busy') return busy(context, done.message);
    if (!json) context.stdout.write(reportText(done.value));
    return done.value.failed === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    teller.stop();
  }
}

function requestOf(invocation: Invocation) {
  const system = choice(invocation, 'system', SYSTEM_IDS);
  const arch = choice(invocation, 'arch', ['amd64', 'arm64'] as const);
  const channel = invocation.text('channel');
  const text = invocation.text('release');
  const version = text === undefined ? undefined : parseVersion(text);
  if (text !== undefined && version === undefined) throw new Failure('invalid', '--release must be a version');
  return {
    system,
    arch,
    channel,
    version,
  };
}

function choice<const T extends string>(invocation: Invocation, flag: string, choices: readonly T[]): T | undefined {
  const text = invocation.text(flag);
  const found = choices.find((one) => one === text);
  if (text !== undefined && found === undefined)
    throw new Failure('invalid', `--${flag} must be one of ${choices.join(', ')}`);
  return found;
}
