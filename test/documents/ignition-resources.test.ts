import { expect, test } from 'vitest';
import { checkResources } from '../../src/documents/ignition-resources.ts';
import type { IgnitionVersion } from '../../src/documents/ignition-fields.ts';
import { pathText } from '../../src/documents/finding.ts';

function check(value: unknown, version: IgnitionVersion): readonly string[] {
  const said: string[] = [];
  const say = (place: { path: readonly (string | number)[] }, message: string) =>
    said.push(`${pathText(place.path)} ${message}`);
  checkResources({ path: [], value }, version, { error: say, warn: say });
  return said;
}
const V2 = { major: 2, minor: 4 } as const;
const V3 = (minor: number): IgnitionVersion => ({ major: 3, minor });
const file = (contents: unknown) => ({ storage: { files: [{ contents }] } });

test.each([
  ['oem:///a', V2, true],
  ['oem:///a', V3(0), false],
  ['gs://b/k', V2, false],
  ['gs://b/k', V3(1), false],
  ['gs://b/k', V3(2), true],
  ['arn:aws:s3:::b/k', V3(3), false],
  ['arn:aws:s3:::b/k', V3(4), true],
  ['http://', V3(3), false],
  ['data:,', V3(3), true],
  ['data:text/plain;base64,YQ%3D%3D', V3(3), true],
  ['data:text/plain;base64,YQ', V3(3), false],
  ['DATA:,x', V3(3), true],
] as const)('%s in %j is fine: %s', (source, version, fine) => {
  expect(check(file({ source }), version)).toHaveLength(fine ? 0 : 1);
});

test('sha256 came with 3.1.0', () => {
  const hash = `sha256-${'0'.repeat(64)}`;
  expect(check(file({ verification: { hash } }), V3(1))).toEqual([]);
  expect(check(file({ verification: { hash } }), V3(0))).toHaveLength(1);
  expect(check(file({ verification: { hash } }), V2)).toHaveLength(1);
});

test('every place that is fetched is looked at', () => {
  const bad = { source: 'x:y' };
  const value = {
    ignition: {
      config: { merge: [bad], append: [bad], replace: bad },
      security: { tls: { certificateAuthorities: [bad] } },
      proxy: { httpsProxy: 'x' },
    },
    storage: { files: [{ contents: bad, append: [bad] }], luks: [{ keyFile: bad }] },
  };
  expect(check(value, V3(3)).map((one) => one.split(' ')[0])).toEqual([
    'ignition.config.append[0].source',
    'ignition.config.merge[0].source',
    'ignition.config.replace.source',
    'ignition.security.tls.certificateAuthorities[0].source',
    'storage.files[0].contents.source',
    'storage.files[0].append[0].source',
    'storage.luks[0].keyFile.source',
    'ignition.proxy.httpsProxy',
  ]);
});

test('a configuration needs a source, a null one is none', () => {
  expect(check({ ignition: { config: { merge: [{}], replace: null } } }, V3(3))).toEqual([
    'ignition.config.merge[0] there is no "source"',
  ]);
});
