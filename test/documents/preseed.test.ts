import { expect, test } from 'vitest';
import { Findings } from '../../src/documents/finding.ts';
import { checkPreseed } from '../../src/documents/preseed.ts';

function check(text: string): readonly string[] {
  const findings = new Findings(text);
  checkPreseed(text, findings);
  return findings.sorted().map(({ severity, message, line }) => `${severity} ${line ?? 0} ${message}`);
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
