import { nearest } from '../model/text.ts';
import type { Diagnostics } from '../text/diagnostics.ts';
import { shown } from '../text/text.ts';

/** Sections of any Anaconda (pykickstart's documentation, chapters 4 to 10; `%anaconda` was Fedora 22 to 33). */
const SECTIONS: readonly string[] = [
  '%pre',
  '%pre-install',
  '%post',
  '%onerror',
  '%traceback',
  '%packages',
  '%addon',
  '%anaconda',
  '%certificate',
];

/** Commands of any Anaconda (pykickstart's documentation, chapters 2 and 3, and what was removed since). */
const COMMANDS: ReadonlySet<string> = new Set(
  (
    'auth authconfig authselect autopart autostep bootc bootloader btrfs cdrom clearpart cmdline device deviceprobe ' +
    'dmraid driverdisk eula fcoe firewall firstboot graphical group halt harddrive hmc ignoredisk install interactive ' +
    'iscsi iscsiname key keyboard lang langsupport lilo lilocheck liveimg logging logvol mediacheck method module ' +
    'monitor mount mouse multipath network nfs nvdimm ostreecontainer ostreesetup part partition poweroff pwpolicy ' +
    'raid rdp realm reboot repo reqpart rescue rhsm rootpw selinux services shutdown skipx snapshot sshkey sshpw ' +
    'syspurpose text timesource timezone unsupported_hardware updates upgrade url user vnc volgroup xconfig zerombr ' +
    'zfcp zipl'
  ).split(' '),
);

/** What Anaconda stops and asks for on the screen when no command answers it. */
const ASKED: readonly (readonly [what: string, commands: readonly string[], example: string])[] = [
  [
    'where to install to',
    ['autopart', 'part', 'partition', 'logvol', 'raid', 'btrfs', 'reqpart', 'mount', 'autostep', 'upgrade'],
    '"clearpart --all --initlabel" and "autopart"',
  ],
  ['who may log in', ['rootpw', 'user', 'sshkey', 'upgrade'], '"rootpw --lock" with "user", or "sshkey"'],
];

interface Line {
  readonly text: string;
  readonly offset: number;
}

/**
 * A kickstart as Anaconda's parser reads it (pykickstart, parser.py): commands, and sections that end with `%end`. An
 * error is what it refuses the whole file for, with a message on the machine's screen. ESXi calls its own scripts
 * kickstart, too, and has neither `%end` nor these commands: it is let alone.
 */
export function checkKickstart(text: string, diagnostics: Diagnostics): void {
  const lines = linesOf(text);
  if (lines.some(({ text: line }) => /^\s*(?:vm)?accepteula\b|^\s*%firstboot\b/.test(line))) return;
  const commands = new Set<string>();
  let section: Line | undefined;
  let included = false;
  for (const line of lines) {
    const word = /^\s*(\S+)/.exec(line.text)?.[1] ?? '';
    if (/^%(?:include|ksappend)$/.test(word)) included ||= section === undefined;
    else if (section !== undefined) {
      if (word === '%end') section = undefined;
      // In a script any other line may begin with "%".
      else if (SECTIONS.includes(word)) {
        endless(section, diagnostics);
        section = line;
      }
    } else if (word.startsWith('%')) {
      if (SECTIONS.includes(word)) section = line;
      else unknownSection(word, line, diagnostics);
    } else if (word !== '' && !word.startsWith('#')) {
      commands.add(word);
      checkCommand(word, line, diagnostics);
    }
  }
  if (section !== undefined) endless(section, diagnostics);
  if (included || commands.has('rescue') || commands.has('interactive')) return;
  for (const [what, answers, example] of ASKED) {
    if (answers.some((answer) => commands.has(answer))) continue;
    diagnostics.warn(`nothing says ${what}: Anaconda asks on the screen`, { remedy: `add ${example}` });
  }
}

function linesOf(text: string): readonly Line[] {
  let offset = 0;
  return text.split('\n').map((line) => {
    const found = { text: line, offset };
    offset += line.length + 1;
    return found;
  });
}

function endless({ text, offset }: Line, diagnostics: Diagnostics): void {
  const name = text.trim().split(/\s/, 1)[0] ?? '';
  diagnostics.error(`the section ${name} does not end with %end`, {
    offset,
    remedy: 'add a line "%end" after its last line',
  });
}

function unknownSection(word: string, { offset }: Line, diagnostics: Diagnostics): void {
  if (word === '%end') {
    const remedy = 'remove it, or mend the line that begins the section';
    diagnostics.error('this %end ends no section', { offset, remedy });
    return;
  }
  const meant = nearest(word, SECTIONS);
  if (meant !== undefined) {
    diagnostics.error(`Anaconda knows no section ${shown(word)}`, { offset, remedy: `did you mean "${meant}"?` });
    return;
  }
  // A newer Anaconda may know it.
  const remedy = `known are ${SECTIONS.join(', ')}`;
  diagnostics.warn(`no Anaconda is known that has a section ${shown(word)}`, { offset, remedy });
}

function checkCommand(word: string, { text, offset }: Line, diagnostics: Diagnostics): void {
  if (!isClosed(text)) {
    const remedy = 'close the quote on the same line: a command cannot go on in the next one';
    diagnostics.error('a quote is not closed in this line', { offset, remedy });
  }
  if (COMMANDS.has(word)) return;
  const meant = nearest(word, [...COMMANDS]);
  diagnostics.warn(`${shown(word)} is no command of Anaconda: it refuses the whole file`, {
    offset,
    remedy: meant === undefined ? 'remove the line, or put it into a section' : `did you mean "${meant}"?`,
  });
}

/** Python's shlex.split with comments: whether each quote and each backslash has what belongs to it. */
function isClosed(line: string): boolean {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? '';
    if (sign === '\\' && quote !== "'") {
      at += 1;
      if (at >= line.length) return false;
    } else if (quote !== '') {
      if (sign === quote) quote = '';
    } else if (sign === '#') return true;
    else if (sign === '"' || sign === "'") quote = sign;
  }
  return quote === '';
}
