import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { SystemId } from '../../src/model/profile.ts';
import { Findings } from '../../src/documents/finding.ts';
import { checkUserData, metaData } from '../../src/documents/user-data.ts';

function check(text: string, system?: SystemId): readonly string[] {
  const findings = new Findings(text);
  checkUserData(text, system, findings);
  return findings.sorted().map(({ severity, message, line }) => `${severity} ${line ?? 0} ${message}`);
}

test.each([
  '#cloud-config\n',
  '#cloud-config\r\npackages: [a]\r\n',
  '#!/bin/sh\nnot: [yaml',
  '## template: jinja\n#cloud-config\n{% x %}',
  'Content-Type: multipart/mixed; boundary="x"\n',
  'MIME-Version: 1.0\n',
  '#include\nhttp://192.0.2.1/\n',
  '#cloud-boothook\n#!/bin/sh\n',
  '#include http://192.0.2.1/x\n',
  '#cloud-config # mine\npackages: [a]\n',
  '#Cloud-Config\n',
  '#cloud-config-archive\n- type: text/cloud-config\n',
  '#cloud-config-jsonp\n[{"op": "add"}]\n',
  '## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n',
  'From nobody Sat Jan  1 00:00:00 2022\nContent-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n',
])('%j is something that cloud-init knows', (text) => {
  expect(check(text, 'debian')).toEqual([]);
});

test.each([
  ['', 'warning 0 the user-data are empty: cloud-init does nothing'],
  ['autoinstall:\n  version: 1\n', 'error 1 cloud-init does not know the first line "autoinstall:"'],
  ['\ufeff#cloud-config\n', 'error 1 cloud-init does not know the first line "\ufeff#cloud-config"'],
  ['# cloud-config\n', 'error 1 cloud-init does not know the first line "# cloud-config"'],
  ['#cloud-config\n- a\n', 'error 2 the document is not a map of keys'],
  ['#cloud-config\na: 1\na: 2\n', 'warning 3 the key "a" stands here twice, the last one wins'],
])('%j: %s', (text, finding) => {
  expect(check(text)).toEqual([finding]);
});

test('broken YAML is an error with its line', () => {
  expect(check('#cloud-config\na: [\n')[0]).toMatch(/^error \d YAML: /);
  expect(check('#cloud-config\na: [\n', 'ubuntu').filter((one) => !one.startsWith('error'))).toEqual([]);
});

test("Ubuntu's installer wants answers", () => {
  expect(check('#cloud-config\nautoinstall: {version: 1, user-data: {}}\n', 'ubuntu')).toEqual([]);
  expect(check('#cloud-config\nhostname: a\n', 'ubuntu')[0]).toContain('warning 1 without "autoinstall:"');
  expect(check('#!/bin/sh\n', 'ubuntu')).toEqual([]);
  expect(check('#cloud-config\nhostname: a\n', 'debian')).toEqual([]);
});

test('meta-data are YAML whatever is in a name', () => {
  expect(metaData({ id: '52:54:00:00:00:01' })).toBe('instance-id: "52:54:00:00:00:01"\n');
  expect(parse(metaData({ id: 'a', hostname: 'x"\ny: z' }))).toEqual({
    'instance-id': 'a',
    'local-hostname': 'x"\ny: z',
  });
});
