import { describe, expect, it } from 'vitest';
import { expectGolden } from '../support/golden.ts';
import { NO_SHELLCHECK, NO_SYSTEMD, shellcheck, verifyUnits } from '../support/units.ts';
import {
  INSTALLED_UNIT,
  installedUnit,
  phoneHomeUnit,
  reportLoop,
  unitFileProblem,
} from '../../src/documents/units.ts';
import { PHONE_HOME_UNIT } from '../../src/documents/phone-home.ts';

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
