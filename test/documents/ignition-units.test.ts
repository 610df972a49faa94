import { expect, test } from 'vitest';
import { pathText } from '../../src/documents/finding.ts';
import type { IgnitionVersion } from '../../src/documents/ignition-fields.ts';
import { checkIgnitionUnits } from '../../src/documents/ignition-rules.ts';

function check(value: unknown, major: 2 | 3): readonly string[] {
  const version: IgnitionVersion = { major, minor: 3 };
  const said: string[] = [];
  const say = (severity: string) => (place: { path: readonly (string | number)[] }, message: string) => {
    said.push(`${severity} ${pathText(place.path)} ${message}`);
  };
  checkIgnitionUnits({ path: [], value }, version, { error: say('error'), warn: say('warning') });
  return said;
}
const unit = (value: object) => ({ systemd: { units: [value] } });

test.each([
  [unit({ name: 'a.service' }), []],
  [unit({ name: 'a.network' }), ['error systemd.units[0].name "a.network" is no unit name']],
  [{ networkd: { units: [{ name: 'a.network' }] } }, []],
  [{ networkd: { units: [{ name: 'a.service' }] } }, ['error networkd.units[0].name "a.service" is no unit name']],
  [
    unit({ name: 'a.timer', contents: 'x' }),
    ['warning systemd.units[0].contents line 1 of the unit stands before any [Section]'],
  ],
  [
    unit({ name: 'a.timer', contents: '[A]\nx' }),
    ['error systemd.units[0].contents line 2 of the unit is not Key=value'],
  ],
  [
    unit({ name: 'a.service', enabled: true, contents: '[Service]\n' }),
    ['warning systemd.units[0].contents an enabled unit without [Install] is never started'],
  ],
  [unit({ name: 'a.service', enabled: true, contents: '[Service]\n[Install]\n' }), []],
  [unit({ name: 'a.service', enabled: true }), []],
  [
    unit({ name: 'a.service', dropins: [{ name: 'b' }] }),
    ['error systemd.units[0].dropins[0].name "b" is no drop-in name'],
  ],
  [
    unit({ name: 'a.service', dropins: [{ name: 'b.conf', contents: '[A]\nx' }] }),
    ['error systemd.units[0].dropins[0].contents line 2 of the unit is not Key=value'],
  ],
])('%j', (value, findings) => {
  expect(check(value, 3)).toEqual(findings);
});

test('twin drop-ins are an error since spec 3; spec 2 enables in another word', () => {
  const twins = unit({ name: 'a.service', dropins: [{ name: 'b.conf' }, { name: 'b.conf' }] });
  expect(check(twins, 3)[0]).toMatch(/^error .*stands here twice/);
  expect(check(twins, 2)[0]).toMatch(/^warning .*stands here twice/);
  expect(check(unit({ name: 'a.service', enable: true, contents: '[Service]\n' }), 2)).toHaveLength(1);
});
