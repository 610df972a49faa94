import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { PHONE_HOME_UNIT } from '../../src/documents/phone-home.ts';
import {
  INSTALLED_UNIT,
  installedUnit,
  phoneHomeUnit,
  reportLoop,
  shellWord,
  unitCommand,
  unitFileProblem,
} from '../../src/documents/units.ts';
import { expectGolden } from '../support/golden.ts';
import { NO_SHELLCHECK, NO_SYSTEMD, shellcheck, verifyUnits } from '../support/units.ts';

const GOOD = '# a\n; b\n\n[Unit]\nDescription=a = b\nEmpty=\n[Service]\r\nExecStart=/a \\\n  not a key\nX-Own=1\n';
const COMMENT_INSIDE = '[Service]\nExecStart=/a \\\n  # why\n  --b\n';

test('a unit file', () => {
  expect(unitFileProblem(GOOD, 'systemd')).toBeUndefined();
  expect(unitFileProblem(GOOD, 'ignition')).toBeUndefined();
  expect(unitFileProblem('', 'systemd')).toBeUndefined();
});

test.each([
  ['a=b\n[Unit]\n', { message: 'line 1 of the unit stands before any [Section]', fatal: false }],
  ['[Unit]\n\nfoo\n', { message: 'line 3 of the unit is not Key=value', fatal: true }],
  ['[Unit]\n=a\n', { message: 'line 2 of the unit is not Key=value', fatal: true }],
  ['[Unit\nA=b\n', { message: 'line 1 of the unit stands before any [Section]', fatal: false }],
])('%j', (text, problem) => {
  expect(unitFileProblem(text, 'systemd')).toEqual(problem);
});

test('a comment inside of a long line ends it for Ignition alone', () => {
  expect(unitFileProblem(COMMENT_INSIDE, 'systemd')).toBeUndefined();
  expect(unitFileProblem(COMMENT_INSIDE, 'ignition')).toEqual({
    message: 'line 4 of the unit is not Key=value',
    fatal: true,
  });
});

const HOSTILE = [
  '',
  'a b',
  "it's",
  '$HOME `id` $(id)',
  'a;b|c&d',
  '*',
  '~',
  '#x',
  '"',
  '\\',
  '%H',
  "'; rm -rf /; '",
  '-n\n',
];

describe('shellWord', () => {
  it('leaves what needs no quotes', () => {
    expect(shellWord('http://10.0.2.2:4777/a?mac=52-54')).toBe("'http://10.0.2.2:4777/a?mac=52-54'");
    expect(shellWord('/dev/disk/by-id/x_1.2:3+4')).toBe('/dev/disk/by-id/x_1.2:3+4');
  });

  test.each(HOSTILE)('is one word to a shell: %j', (text) => {
    expect(spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' }).stdout).toBe(text);
  });
});

describe('unitCommand', () => {
  it('means to systemd what it says', () => {
    expect(unitCommand(String.raw`a "b" \c %d $(e) ${'$'}f`)).toBe(String.raw`/bin/sh -c "a \"b\" \\c %%d $$(e) $$f"`);
  });
});

const UP = 'http://10.0.2.2:4777/phone-home/52-54-00-55-1c-ee';
// A percent sign is a specifier to systemd: %2F would become nothing.
const HARD = 'http://[fd00::1]:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb%20(c)~*';

describe('units that report', () => {
  it('phone home', () => {
    expectGolden('installing/pilotlight-phone-home.service', phoneHomeUnit(UP));
    expect(unitFileProblem(phoneHomeUnit(HARD), 'ignition')).toBeUndefined();
  });

  it('say that coreos-installer is done, after it and before the reboot', () => {
    expectGolden('installing/pilotlight-installed.service', installedUnit(HARD));
    expect(unitFileProblem(installedUnit(HARD), 'ignition')).toBeUndefined();
  });

  it('never report a failed installation: After= alone would', () => {
    expect(installedUnit(UP)).toContain('\nRequires=coreos-installer.service\nAfter=coreos-installer.service\n');
  });
});

describe.skipIf(NO_SYSTEMD !== undefined)(`systemd ${NO_SYSTEMD ?? ''}`, () => {
  const installer = '[Service]\nType=oneshot\nExecStart=/bin/true\n';

  it('finds nothing wrong with them', () => {
    expect(verifyUnits({ [PHONE_HOME_UNIT]: phoneHomeUnit(HARD) })).toBe('');
    expect(verifyUnits({ [INSTALLED_UNIT]: installedUnit(HARD), 'coreos-installer.service': installer })).toBe('');
  });

  it('would say so', () => {
    const wrong = phoneHomeUnit(HARD).replaceAll('%%', '%');
    expect(verifyUnits({ [PHONE_HOME_UNIT]: wrong })).toContain(PHONE_HOME_UNIT);
  });
});

describe.skipIf(NO_SHELLCHECK !== undefined)(`shellcheck ${NO_SHELLCHECK ?? ''}`, () => {
  it('finds nothing wrong with the loop', () => {
    expect(shellcheck(`${reportLoop(HARD)}\n`)).toBe('');
  });
});
