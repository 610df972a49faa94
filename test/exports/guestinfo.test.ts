import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { DocumentKind, SystemId } from '../../src/model/profile.ts';
import { GUESTINFO_KINDS, guestinfo } from '../../src/exports/guestinfo.ts';
import { expectGolden } from '../support/golden.ts';
import { profileOf } from './sample.ts';

const BODY = Buffer.from('#cloud-config\nhostname: "50%"\n');
const lines = (system: SystemId, kind: DocumentKind, metaData = ''): string =>
  guestinfo({ profile: profileOf('p', [], { system }), kind, body: BODY }, metaData);

/** As VMware hands them to the guest. */
function values(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => /^(\S+) = "([^"%]*)"$/.exec(line)?.slice(1) ?? [line]),
  ) as Record<string, string>;
}

const decoded = (text = ''): string => gunzipSync(Buffer.from(text, 'base64')).toString();

it.each([
  ['flatcar', 'ignition', 'guestinfo.ignition.config.data'],
  ['fedora-coreos', 'ignition', 'guestinfo.ignition.config.data'],
  ['custom', 'ignition', 'guestinfo.ignition.config.data'],
  ['coreos', 'ignition', 'guestinfo.coreos.config.data'],
  ['coreos', 'cloud_config', 'guestinfo.coreos.config.data'],
  ['flatcar', 'cloud_config', 'guestinfo.coreos.config.data'],
] as const)('%s finds its %s in %s', (system, kind, name) => {
  const found = values(lines(system, kind));
  expect(Object.keys(found)).toEqual([name, `${name}.encoding`]);
  expect(found[`${name}.encoding`]).toBe('gzip+base64');
  expect(decoded(found[name])).toBe(BODY.toString());
});

it('gives cloud-init its metadata too', () => {
  const found = values(lines('ubuntu', 'nocloud', 'instance-id: "x"\n'));
  expect(decoded(found['guestinfo.metadata'])).toBe('instance-id: "x"\n');
  expect(decoded(found['guestinfo.userdata'])).toBe(BODY.toString());
  expect(Object.keys(found)).toHaveLength(4);
});

it('is the same for the same document, whatever made it', () => {
  expectGolden('exports/guestinfo.vmx', lines('flatcar', 'ignition'));
});

it('offers nothing to Talos, which reads other variables', () => {
  expect(GUESTINFO_KINDS.talos).toEqual([]);
});
