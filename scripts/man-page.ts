// Writes docs/pilotlight.1 from the table of commands and that of settings. A test holds the page against both.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { COMMANDS } from '../src/cli/cli.ts';
import { type Command, shortWords } from '../src/cli/command.ts';
import { settingEntries } from '../src/cli/commands/settings.ts';
import { flowing } from '../src/cli/text.ts';
import { version } from '../src/settings/settings.ts';

/** The manual page as man(7) text. */
export function manPage(): string {
  const [year, month, day] = DATE;
  return [
    `.TH PILOTLIGHT 1 "${year}-${month}-${day}" "Pilotlight ${version()}" "User Commands"`,
    '.SH NAME',
    'pilotlight \\- boots machines over the network from one folder of text files',
    '.SH SYNOPSIS',
    '.B pilotlight',
    '.I command',
    '.RI [ options ]',
    '.RI [ words ]',
    '.SH DESCRIPTION',
    ...paragraphs(
      'Pilotlight answers machines that boot from the network: it tells their DHCP questions where to boot from, hands ' +
        'them a boot program, a boot script, kernel and initramfs, and a configuration of their own, and remembers what ' +
        'happened. What boots is decided by text files in one folder, the data directory.',
    ),
    '.SH COMMANDS',
    ...COMMANDS.flatMap(commandLines),
    '.SH SETTINGS',
    ...paragraphs(
      'Each setting is an option of every command, an environment variable, and a line NAME=value in .env of the data ' +
        "directory. An option wins over a variable, a variable over .env. The names in brackets are coreos-ipxe-server's.",
    ),
    ...settingEntries().flatMap(({ option, variable, oldVariable, help, default: usual }) => [
      ...tagged(option),
      roff(`${help}.`),
      '.br',
      roff(`${variable}${oldVariable === undefined ? '' : ` (${oldVariable})`}; default: ${usual}`),
    ]),
    '.SH FILES',
    ...FILES.flatMap(([file, what]) => [...tagged(file), roff(what)]),
    '.SH EXIT STATUS',
    ...STATUS.flatMap(([status, what]) => [...tagged(status), roff(what)]),
    '.SH SEE ALSO',
    '.BR dnsmasq (8),',
    '.BR systemd.service (5)',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Of the page's last change in substance; man(7) wants one. */
const DATE = ['2026', '11', '30'] as const;

const FILES = [
  ['profiles/*.json', 'what to boot, and which machines boot it'],
  ['configs/', 'cloud-config, Ignition, preseed and the like; a name that ends in .hbs is a template'],
  ['sshkeys/*.pub', 'public keys'],
  ['images/', 'kernels and the like, as they were published'],
  ['state/', 'the journal, which machines are installed, host keys, the operators’ token'],
  ['.env', 'settings'],
] as const;

const STATUS = [
  ['0', 'Done.'],
  ['1', 'The work failed.'],
  ['2', 'The command was called wrongly, or a setting is wrong.'],
  ['75', 'Another sync is running: try again later.'],
] as const;

function commandLines({ name, words, summary, details, options }: Command): readonly string[] {
  return [
    `.SS "${roff(`pilotlight ${name} ${shortWords(words)}`.trimEnd())}"`,
    ...paragraphs(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...(details === '' ? [] : ['.PP', ...paragraphs(flowing(details))]),
    ...Object.entries(options).flatMap(([flags, help]) => [...tagged(flags), roff(help)]),
  ];
}

/** What has blanks before it is shown as it is. */
function paragraphs(text: string): readonly string[] {
  return text.split('\n\n').flatMap((part, at) => {
    const lines = part.split('\n');
    const plain = lines.filter((line) => !line.startsWith(' ')).map(roff);
    const shown = lines.filter((line) => line.startsWith(' ')).map((line) => roff(line.trimStart()));
    const example = shown.length === 0 ? [] : ['.PP', '.RS 4', '.nf', ...shown, '.fi', '.RE'];
    return [...(at === 0 ? [] : ['.PP']), ...plain, ...example];
  });
}

function tagged(tag: string): readonly string[] {
  return ['.TP', `.B ${roff(tag)}`];
}

/** A text as roff shows it: nothing in it is a command, and a hyphen is the one that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('"', '\\(dq')
    .replace(/^(?=[.'])/, '\\&');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../docs/pilotlight.1', import.meta.url), manPage());
}
