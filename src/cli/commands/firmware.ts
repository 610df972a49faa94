import { Failure } from '../../model/failure.ts';
import { plural } from '../../model/text.ts';
import type { ImportedProgram, ListedProgram } from '../../releases/firmware-files.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation, JSON_OPTION } from '../command.ts';
import { tableText } from '../text.ts';

export const firmwareCommand: Command = {
  name: 'firmware',
  words: '[list|import|fetch] [FILE]',
  summary: 'the boot programs (iPXE; shim and GRUB for Secure Boot): list them, import them, fetch a release of iPXE',
  details:
    'list (the default): which machines can boot, with which file, of which version, and where it came from; exit status\n' +
    '1 when a file is not what its place says. import: the archive of an iPXE release (ipxeboot.tar.gz), or a single\n' +
    'program: a BIOS one, or a UEFI one, which is refused when it is for another processor than its name says. It is put\n' +
    'into firmware/ of the data directory, which goes before what the distribution installed; a running server hands it\n' +
    'out at once. An archive (tar, tar.gz, zip) with the files of a Raspberry Pi replaces firmware/rpi/: those of its\n' +
    'makers, or UEFI for it. fetch: the same from the iPXE project, from PILOTLIGHT_MIRROR_IPXE, or from an address that\n' +
    'you name. The project publishes no checksums: name the digest of the file that you expect (GitHub shows it beside\n' +
    'the file).',
  options: {
    '--release <VERSION>': 'fetch: which release of iPXE (default: 2.0.0)',
    '--url <URL>': 'fetch: another archive, by its address: iPXE, or the files of a Raspberry Pi',
    '--sha256 <DIGEST>': 'fetch: the SHA-256 of the archive, 64 hexadecimal digits',
    ...JSON_OPTION,
  },
  async run(invocation, context) {
    const [word = 'list', ...files] = invocation.words;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw new Failure('invalid', `there is no \`firmware ${word}\``, { remedy: 'list, import or fetch' });
    }
    if (files.length !== (word === 'import' ? 1 : 0)) {
      throw new Failure('invalid', `\`firmware ${word}\` takes ${word === 'import' ? 'one file' : 'no more words'}`);
    }
    return await action(invocation, context, files[0] ?? '');
  },
};

type Action = (invocation: Invocation, context: CliContext, file: string) => Promise<ExitCode>;
const ACTIONS: Readonly<Record<string, Action>> = { list, import: importFile, fetch: fetchRelease };

async function list({ settings, print }: Invocation): Promise<ExitCode> {
  const { listFirmware } = await import('../../releases/firmware-files.ts');
  const programs = await listFirmware(settings);
  print(programs, listText(programs));
  return programs.some(({ problem }) => problem !== undefined) ? EXIT.failed : EXIT.ok;
}

function listText(programs: readonly ListedProgram[]): string {
  const found = programs.filter(({ file }) => file !== undefined);
  const missing = programs.filter(({ file }) => file === undefined).map(({ title }) => title);
  const rows = found.map(({ title, version = '', source = '', file = '', problem }) => [
    title,
    problem === undefined ? version : 'WRONG',
    source,
    file,
  ]);
  const wrong = found.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}\n`]));
  const without = missing.length === 0 ? '' : `no program for: ${missing.join(', ')}\n`;
  const remedy = found.length === 0 ? 'apt install ipxe, or see `pilotlight firmware --help`\n' : '';
  return [
    found.length === 0 ? '' : tableText([['MACHINES', 'VERSION', 'SOURCE', 'FILE'], ...rows]),
    ...wrong,
    without,
    remedy,
  ].join('');
}

async function importFile({ settings, print }: Invocation, { cwd }: CliContext, file: string): Promise<ExitCode> {
  const { importFirmware } = await import('../../releases/firmware-files.ts');
  const done = await importFirmware(settings, cwd, file);
  return print(done, doneText(done));
}

async function fetchRelease({ settings, text, print }: Invocation, { stop: signal }: CliContext): Promise<ExitCode> {
  const release = text('release') ?? '2.0.0';
  if (!/^\d{1,4}(?:\.\d{1,4}){1,3}$/.test(release)) {
    throw new Failure('invalid', '--release must be a version such as 2.0.0');
  }
  const url = addressOf(text('url'));
  if (url !== undefined && text('release') !== undefined)
    throw new Failure('invalid', 'name --release or --url, not both');
  const sha256 = text('sha256')?.toLowerCase();
  if (sha256 === undefined) {
    throw new Failure('invalid', '`firmware fetch` needs --sha256: the iPXE project publishes no checksums', {
      remedy: `GitHub shows it beside ipxeboot.tar.gz of release v${release}; or carry the file here and import it`,
    });
  }
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Failure('invalid', '--sha256 must be 64 hexadecimal digits');
  const { fetchFirmware } = await import('../../releases/firmware-files.ts');
  const done = await fetchFirmware(settings, { from: url === undefined ? { release } : { url }, sha256, signal });
  return print(done, doneText(done));
}

function addressOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && !url.pathname.endsWith('/'))
    return url;
  throw new Failure('invalid', '--url must be the http or https address of an archive, without a user');
}

function doneText(done: readonly ImportedProgram[]): string {
  const lines = done.map(
    ({ file, title, version }) => `${file}: ${title}${version === undefined ? '' : `, ${version}`}\n`,
  );
  // The firmware of a board is many files and no program that another firmware starts.
  const programs = done.filter(({ name }) => name !== 'rpi').length;
  return `${lines.join('')}${programs === 0 ? '' : `${plural(programs, 'boot program')}\n`}`;
}
