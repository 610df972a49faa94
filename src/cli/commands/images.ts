import { bytesText, plural } from '../../model/text.ts';
import { Failure } from '../../model/failure.ts';
import { parseVersion, SYSTEM_IDS } from '../../model/profile.ts';
import { withAdminClient } from '../admin-call.ts';
import { busy, type CliContext, type Command, EXIT, type ExitCode, type Invocation } from '../command.ts';
import { jsonPrinter, reportText, textPrinter } from '../sync-text.ts';
import { tableText } from '../text.ts';

export const imagesCommand: Command = {
  name: 'images',
  words: '[list|prune|verify|import|adopt] [FILE...]',
  summary: 'what is published below images/: list it, check it, clean it up, import files',
  details:
    'list (the default): every release, its size, and why it is kept. prune: take away what no profile names, no node\n' +
    'booted in the last seven days, and is not among the newest; by the server, where one runs. verify: read every\n' +
    'published file again; exit status 1 when one is not what was published. import: publish files that were carried\n' +
    'here, with the same verification as a download; bring the signatures and lists that lie beside them at the\n' +
    'publisher, too. It works beside a running server, not through it. adopt: write down the digests of files that were\n' +
    'placed below images/ by hand (all, or those of a folder such as flatcar/amd64/4593.2.5), so that verify sees when\n' +
    'one changes; they count as not verified, and are never removed.',
  options: {
    '--dry-run': 'prune: only say what would go',
    '--json': 'JSON on standard output',
    '--system <SYSTEM>': 'import: which system the files are of (default: by their names)',
    '--channel <CHANNEL>': 'import: which channel (default: the one that is followed)',
    '--arch <ARCH>': 'import: amd64 or arm64',
    '--release <VERSION>': 'import: which version, if no file says it',
    '--allow-downgrade': 'import: also a release that is older than the one in force',
  },
  async run(invocation, context) {
    const [word = 'list', ...files] = invocation.words;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw new Failure('invalid', `there is no \`images ${word}\``, {
        remedy: 'list, prune, verify, import or adopt',
      });
    }
    if (word !== 'import' && word !== 'adopt' && files.length > 0)
      throw new Failure('invalid', `\`images ${word}\` takes no more words`);
    return await action(invocation, context, files);
  },
};

type Action = (invocation: Invocation, context: CliContext, files: readonly string[]) => Promise<ExitCode>;
const ACTIONS: Readonly<Record<string, Action>> = { list, prune, verify, import: importFiles, adopt };

async function list({ settings, print }: Invocation): Promise<ExitCode> {
  const { listImages } = await import('../../releases/image-commands.ts');
  const plan = await listImages(settings);
  const rows = [
    ...plan.keep.map(({ release, because }) => ({ ...release, because: because.join(', '), kept: true })),
    ...plan.remove.map((release) => ({ ...release, because: '', kept: false })),
  ].sort((a, b) => (a.shelf < b.shelf ? -1 : 1));
  const lines = rows.map(({ shelf, size, because, kept }) => [
    `images/${shelf}`,
    bytesText(size),
    kept ? because : 'nothing: goes with the next sync',
  ]);
  const text =
    lines.length === 0 ? 'nothing is published yet\n' : tableText([['RELEASE', 'SIZE', 'KEPT FOR'], ...lines]);
  return print(rows, text);
}

async function adopt(
  { settings, print }: Invocation,
  { stderr }: CliContext,
  shelves: readonly string[],
): Promise<ExitCode> {
  const { adoptImages } = await import('../../releases/image-commands.ts');
  const done = await adoptImages(settings, shelves);
  if (done.kind === 'busy') return busy(stderr, done.message);
  const lines = done.value.map(
    ({ shelf, files }) => `images/${shelf}: the digests of ${plural(files, 'file')} are written down\n`,
  );
  return print(
    done.value,
    lines.length === 0 ? 'no images were placed by hand where a profile looks for them\n' : lines.join(''),
  );
}

async function prune({ settings, has, text, print }: Invocation, { stdout, stderr }: CliContext): Promise<ExitCode> {
  const { listImages } = await import('../../releases/image-commands.ts');
  const { remove, hindered } = await listImages(settings);
  if (hindered !== undefined && !has('json')) stderr.write(`nothing is removed: ${hindered}\n`);
  if (has('dry-run')) {
    const lines = remove.map(({ shelf, size }) => `would remove images/${shelf} (${bytesText(size)})\n`);
    return print({ remove }, lines.join(''));
  }
  const printer = has('json') ? jsonPrinter(stdout, Date.now) : textPrinter(stdout, Date.now);
  const keep = text('keep-releases') === undefined ? undefined : settings.sync.keepReleases;
  const done = await withAdminClient(settings, (client) => client.prune(keep, printer.on));
  return done.kind === 'busy' ? busy(stderr, done.message) : EXIT.ok;
}

async function verify({ settings, has }: Invocation, { stdout }: CliContext): Promise<ExitCode> {
  const { verifyImages } = await import('../../releases/image-commands.ts');
  let wrong = 0;
  let all = 0;
  await verifyImages(settings, (result) => {
    all += 1;
    if (result.state !== 'good') wrong += 1;
    stdout.write(has('json') ? `${JSON.stringify(result)}\n` : `${result.state.padEnd(7)}  images/${result.path}\n`);
  });
  const found =
    wrong === 0
      ? `${all} files are as they were published\n`
      : `${wrong} of ${all} files are not as they were published: move their release away, the next sync fetches it again\n`;
  if (!has('json')) stdout.write(found);
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

async function importFiles(invocation: Invocation, context: CliContext, paths: readonly string[]): Promise<ExitCode> {
  if (paths.length === 0) throw new Failure('invalid', '`images import` needs files');
  const { settings, has } = invocation;
  const { stdout, stderr, cwd, stop: signal } = context;
  const printer = has('json') ? jsonPrinter(stdout, Date.now) : textPrinter(stderr, Date.now);
  try {
    const { importImages } = await import('../../releases/image-commands.ts');
    const done = await importImages(settings, {
      ...{ request: requestOf(invocation), paths, cwd, signal, emit: printer.on },
      allowDowngrade: has('allow-downgrade'),
    });
    printer.stop();
    if (done.kind === 'busy') return busy(stderr, done.message);
    if (!has('json')) stdout.write(reportText(done.value));
    return done.value.failed === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    printer.stop();
  }
}

function requestOf({ text }: Invocation) {
  const choice = <const T extends string>(flag: string, choices: readonly T[]): T | undefined => {
    const given = text(flag);
    const found = choices.find((one) => one === given);
    if (given === undefined || found !== undefined) return found;
    throw new Failure('invalid', `--${flag} must be one of ${choices.join(', ')}`);
  };
  const release = text('release');
  const version = release === undefined ? undefined : parseVersion(release);
  if (release !== undefined && version === undefined) throw new Failure('invalid', '--release must be a version');
  return {
    system: choice('system', SYSTEM_IDS),
    arch: choice('arch', ['amd64', 'arm64'] as const),
    channel: text('channel'),
    version,
  };
}
