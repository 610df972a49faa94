import { shown } from './finding.ts';
import { at, itemsOf, textAt, type Placed, type Report } from './ignition-places.ts';
import type { IgnitionVersion } from './ignition-fields.ts';
import { unitFileProblem } from './unit-file.ts';

const SYSTEMD = [
  'service',
  'socket',
  'device',
  'mount',
  'automount',
  'swap',
  'target',
  'path',
  'timer',
  'snapshot',
  'slice',
  'scope',
];
const NETWORKD = ['network', 'netdev', 'link'];

/** Names and texts of units and their drop-ins, as Ignition checks them before it writes anything. */
export function checkIgnitionUnits(root: Placed, version: IgnitionVersion, report: Report): void {
  for (const unit of itemsOf(root, 'systemd', 'units')) {
    checkUnit(unit, SYSTEMD, version, report);
    const enabled = at(unit, 'enabled').value === true || at(unit, 'enable').value === true;
    const contents = textAt(unit, 'contents');
    if (enabled && contents !== '' && !/^\[Install\]/m.test(contents)) {
      const remedy = 'add [Install] with WantedBy=multi-user.target';
      report.warn(at(unit, 'contents'), 'an enabled unit without [Install] is never started', remedy);
    }
  }
  for (const unit of itemsOf(root, 'networkd', 'units')) checkUnit(unit, NETWORKD, version, report);
}

function checkUnit(unit: Placed, suffixes: readonly string[], version: IgnitionVersion, report: Report): void {
  const name = at(unit, 'name');
  if (typeof name.value === 'string' && !suffixes.some((suffix) => String(name.value).endsWith(`.${suffix}`))) {
    report.error(name, `${shown(name.value)} is no unit name`, `end it with .${suffixes.slice(0, 5).join(', .')} ...`);
  }
  checkText(at(unit, 'contents'), report);
  const names = new Set<string>();
  for (const dropin of itemsOf(unit, 'dropins')) {
    const file = at(dropin, 'name');
    const text = textAt(dropin, 'name');
    if (typeof file.value === 'string' && !text.endsWith('.conf')) {
      report.error(file, `${shown(text)} is no drop-in name`, 'end it with .conf');
    }
    if (names.has(text)) {
      report[version.major === 3 ? 'error' : 'warn'](
        file,
        `the drop-in ${shown(text)} stands here twice`,
        'make them one',
      );
    }
    names.add(text);
    checkText(at(dropin, 'contents'), report);
  }
}

function checkText(contents: Placed, report: Report): void {
  const wrong = typeof contents.value === 'string' ? unitFileProblem(contents.value, 'ignition') : undefined;
  if (wrong !== undefined) report[wrong.fatal ? 'error' : 'warn'](contents, wrong.message, 'see systemd.syntax(7)');
}
