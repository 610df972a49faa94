import { expect, test, vi } from 'vitest';
import { createInspection } from '../../src/catalog/inspection.ts';
import { SILENT } from '../../src/model/service.ts';
import type { FileDiagnostic } from '../../src/model/failure.ts';
import { CONTENT, document, good, listeningLog } from './data-folder.ts';

const KEY = { name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa A' };

function around(
  ...documents: readonly ReturnType<typeof document>[]
): Parameters<ReturnType<typeof createInspection>['profile']>[1] {
  return {
    documents: new Map(documents.map((entry) => [entry.fileName, entry])),
    keys: new Map([['core', KEY]]),
    secrets: new Map(),
  };
}

test('a document is asked about once', () => {
  const inspect = vi.fn<() => readonly FileDiagnostic[]>(() => []);
  const inspection = createInspection({ ...CONTENT, document: inspect }, SILENT);
  const a = document('a.yml');
  inspection.document(a);
  inspection.document(a);
  inspection.document(document('a.yml'));
  expect(inspect).toHaveBeenCalledTimes(2);
});

test('a profile is asked about again only when it, its documents or a key changed', () => {
  const inspect = vi.fn<() => readonly FileDiagnostic[]>(() => []);
  const inspection = createInspection({ ...CONTENT, profile: inspect }, SILENT);
  const read = good({ cloud_config: 'a' });
  const a = document('a.yml');
  inspection.profile(read, around(a));
  inspection.profile(read, around(a, document('other.yml')));
  expect(inspect).toHaveBeenCalledTimes(1);
  inspection.profile(read, around(document('a.yml')));
  expect(inspect).toHaveBeenCalledTimes(2);
  inspection.profile(read, around(a, document('a.yml.hbs')));
  expect(inspect).toHaveBeenCalledTimes(3);
  inspection.profile(read, { ...around(a), keys: new Map() });
  expect(inspect).toHaveBeenCalledTimes(4);
  inspection.profile(read, around(a));
  expect(inspect, 'what was tried before is remembered').toHaveBeenCalledTimes(4);
});

test('what is said about a key of the profile gets its line', () => {
  const problems: FileDiagnostic[] = [
    { severity: 'error', message: 'a', place: { file: 'profiles/p.json', key: 'nodes[0].mac' } },
    { severity: 'error', message: 'b', place: { file: 'profiles/p.json' } },
    { severity: 'error', message: 'c', place: { file: 'configs/a.yml', key: 'users' } },
    { severity: 'error', message: 'd', place: { file: 'profiles/p.json', key: 'root', line: 9 } },
  ];
  const inspection = createInspection({ ...CONTENT, profile: () => problems }, SILENT);
  const read = good({ nodes: [{ name: 'a', mac: '525400000001' }] });
  expect(inspection.profile(read, around()).map(({ place }) => [place.line, place.column])).toEqual([
    [5, 14],
    [1, 1],
    [undefined, undefined],
    [9, undefined],
  ]);
});

test('an inspector that throws is a warning and a line in the log, not the end', () => {
  const { log, said } = listeningLog();
  const bug = (): never => {
    throw new TypeError('bug at /home/secret');
  };
  const inspection = createInspection({ document: bug, profile: bug }, log);
  const expected = { severity: 'warning', message: 'could not be checked: the log says why' };
  expect(inspection.document(document('a.yml'))).toEqual([{ ...expected, place: { file: 'configs/a.yml' } }]);
  expect(inspection.profile(good({}), around())).toEqual([{ ...expected, place: { file: 'profiles/p.json' } }]);
  expect(said).toMatchObject([
    { file: 'configs/a.yml', err: { message: 'bug at /home/secret' } },
    { file: 'profiles/p.json' },
  ]);
});
