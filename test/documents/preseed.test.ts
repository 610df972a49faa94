import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { checkDocument } from '../../src/documents/document.ts';
import { checkPreseed, hasComment, installPreseed, readPreseed } from '../../src/documents/preseed.ts';
import { expectGolden } from '../support/golden.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';

const INSTALL = { disk: '/dev/vda', report: 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb' };
const OWN = String.raw`# My machines
d-i debian-installer/locale string en_US
d-i partman-auto/method string regular
d-i preseed/late_command string \
  in-target systemctl enable ssh; \
  echo "it's done" > /target/etc/motd
d-i pkgsel/include string openssh-server
`;

function valueOf(text: string, question: string): string | undefined {
  return readPreseed(text).answers.findLast((answer) => answer.question === question)?.value;
}

describe('installPreseed', () => {
  it('adds the disk, the report and the reboot', () => {
    const text = installPreseed('d-i debian-installer/locale string en_US', INSTALL);
    expectGolden('installing/install-debian-plain.cfg', text);
    expect(checkDocument('preseed', text, { file: 'x', system: 'debian' })).toEqual([]);
  });

  it('puts its report behind a late_command of several lines, and changes nothing else', () => {
    const text = installPreseed(OWN, INSTALL);
    expectGolden('installing/install-debian-late.cfg', text);
    expect(valueOf(text, 'preseed/late_command')).toMatch(
      /^\( in-target systemctl enable ssh; echo "it's done" > \/target\/etc\/motd \) && \( .*until wget /,
    );
    expect(checkDocument('preseed', text, { file: 'x', system: 'debian' })).toEqual([]);
  });

  it('leaves alone what the operator answers', () => {
    const own = 'd-i partman-auto/disk string /dev/sda /dev/sdb\nd-i finish-install/reboot_in_progress note\n';
    const text = installPreseed(`${own}d-i preseed/late_command string\n`, INSTALL);
    expect(text.startsWith(own)).toBe(true);
    expect(valueOf(text, 'preseed/late_command')).toMatch(/^\( .*until wget /);
    expect(text.match(/partman-auto\/disk|reboot_in_progress/g)).toHaveLength(2);
  });

  it('adds to the last of two late_commands: debconf keeps that one', () => {
    const text = installPreseed('d-i preseed/late_command string a\nd-i preseed/late_command string b\n', INSTALL);
    expect(text).toContain('string a\n');
    expect(text).toContain('string ( b ) && ( o=-q; if wget');
  });

  test.each(['a # b', '# b', 'a;#b', '(a)#b'])('does not follow a comment: %s', (late) => {
    expect(hasComment(late)).toBe(true);
    expect(installPreseed(`d-i preseed/late_command string ${late}\n`, INSTALL)).toContain(`string ${late}\n`);
  });

  it('follows what only looks like one', () => {
    expect(hasComment('echo a#b $# ${x#y}')).toBe(false);
  });

  it('does not go on in half a line', () => {
    expect(installPreseed('d-i a/b string x \\\n', INSTALL)).toBe('d-i a/b string x \\\n');
  });
});

describe('the command, as a shell runs it', () => {
  function run(late: string, wget: string): { status: number | null; out: string } {
    const text = installPreseed(`d-i preseed/late_command string ${late}\n`, INSTALL);
    // The first pause is the end of it: how long it goes on is report-command's to prove.
    const own = `wget() { [ "$1" != --version ] || return 0; echo "$@"; ${wget}; }\nsleep() { exit 7; }`;
    const command = `${own}\n${valueOf(text, 'preseed/late_command') ?? ''}`;
    const { status, stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    return { status, out: stdout };
  }

  it('reports when all has worked', () => {
    const { status, out } = run('echo one; echo two;', 'true');
    expect(status).toBe(0);
    expect(out).toBe(
      `one\ntwo\n-nv --tries=1 --timeout=30 --max-redirect=0 -O /dev/null --post-data= ${INSTALL.report}\n`,
    );
  });

  test.each(['echo one; false', 'exit 3', 'false || exit 3'])(
    'does not report after %s: the installer shows it',
    (late) => {
      const { status, out } = run(late, 'true');
      expect(status).not.toBe(0);
      expect(out).not.toContain('installed');
    },
  );

  it('reports after an exit that means success, and after work in the background', () => {
    expect(run('exit 0', 'true').out).toContain('/installed/');
    expect(run('true &', 'true').out).toContain('/installed/');
  });

  it('fails when nobody hears it: the installer stops instead of coming back for ever', () => {
    expect(run('true', 'false').status).toBe(7);
  });
});

function values(text: string) {
  return readPreseed(text).answers.map(({ question, value, start, end }) => [question, value, text.slice(start, end)]);
}

describe('readPreseed', () => {
  it('reads answers as the installer does', () => {
    expect(values('#c\n\nd-i a/b string  x y \r\n  d-i\tc/d\tboolean\ttrue\nd-i e/f note\nd-i g/h string')).toEqual([
      ['a/b', 'x y', 'x y'],
      ['c/d', 'true', 'true'],
      ['e/f', '', ''],
      ['g/h', '', ''],
    ]);
  });

  it('joins long lines with one blank; comments at the left edge and empty lines are not there', () => {
    expect(values('d-i a/b string one; \\\n# not me\n\n   two  \\\n\tthree\nd-i c/d string x\n')).toEqual([
      ['a/b', 'one; two three', 'one; \\\n# not me\n\n   two  \\\n\tthree'],
      ['c/d', 'x', 'x'],
    ]);
  });

  it('finds a value that begins in a later line', () => {
    expect(values('d-i a/b string \\\n  cmd \\\n  more\n')).toEqual([['a/b', 'cmd more', 'cmd \\\n  more']]);
    expect(values('d-i \\\n a/b \\\n string x\n')).toEqual([['a/b', 'x', 'x']]);
  });

  it('knows half a line at the end, which the installer drops', () => {
    expect(readPreseed('d-i a/b string x \\\n')).toEqual({ answers: [], open: true });
    expect(readPreseed('d-i a/b string x\n').open).toBe(false);
  });

  it('answers nothing without a question', () => {
    expect(values('hello\n\\\n')).toEqual([]);
  });
});

function check(text: string): readonly string[] {
  const findings = new Diagnostics(text);
  checkPreseed(text, findings);
  return findings.sorted().map(({ severity, message, place: { line } }) => `${severity} ${line ?? 0} ${message}`);
}

test('a preseed', () => {
  const text = [
    '# comment',
    'd-i debian-installer/locale string en_US.UTF-8',
    'd-i\tpasswd/root-login boolean false',
    'tasksel tasksel/first multiselect standard, ssh-server',
    'd-i partman/early_command string \\',
    '  echo a \\',
    '  b',
    'd-i pkgsel/include string',
    'd-i debian-installer/exit/poweroff boolean true\r',
    '',
  ].join('\n');
  expect(check(text)).toEqual([]);
});

test.each([
  ['', 'warning 0 the preseed answers nothing'],
  ['# d-i a/b string c\n', 'warning 0 the preseed answers nothing'],
  ['\nlocale=en_US\n', 'warning 2 "locale=en_US" answers no question'],
  ['d-i a/b strnig c\n', 'warning 1 "strnig" is no type of answer'],
  ['d-i a/b\n', 'warning 1 "" is no type of answer'],
  ['d-i a/b boolean yes\n', 'warning 1 "d-i a/b" wants true or false'],
])('%j', (text, finding) => {
  expect(check(text)).toEqual([finding]);
});
