import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import {
  carriedKind,
  CONFIG_DRIVE,
  configDrive,
  FW_CFG,
  fwCfgArgument,
  GUESTINFO,
  guestinfo,
} from '../../src/exports/node-documents.ts';
import { parseMac, parseUuid } from '../../src/model/machine.ts';
import type { DocumentKind, Node, SystemId } from '../../src/model/profile.ts';
import { expectGolden } from '../support/golden.ts';
import { missing, profileOf } from './sample.ts';

const profile = profileOf('p', [], { cloud_config: 'a', ignition: 'b' });

it('takes the first kind that the profile names', () => {
  expect(carriedKind(profile, GUESTINFO)).toBe('ignition');
  expect(carriedKind(profile, CONFIG_DRIVE)).toBe('cloud_config');
});

it('says what would be needed, or that the system does not listen there', () => {
  expect(() => carriedKind(profileOf('p', [], { system: 'ubuntu', cloud_config: 'a' }), CONFIG_DRIVE)).toThrow(
    expect.objectContaining({
      code: 'invalid',
      message: 'profiles/p.json names no document that a config drive can carry',
      remedy: 'name one of nocloud',
    }),
  );
  expect(() => carriedKind(profileOf('t', [], { system: 'talos' }), FW_CFG)).toThrow('talos reads nothing from fw_cfg');
});

it.each([
  ['fedora-coreos', 'opt/com.coreos/config'],
  ['coreos', 'opt/com.coreos/config'],
  ['custom', 'opt/com.coreos/config'],
  ['flatcar', 'opt/org.flatcar-linux/config'],
] as const)('%s looks for %s', (system, name) => {
  expect(fwCfgArgument(system, 'n.ign')).toBe(`-fw_cfg name=${name},file=n.ign\n`);
  expect(FW_CFG.kinds[system]).toEqual(['ignition']);
});

it('doubles a comma in the file’s name, which QEMU would split at', () => {
  expect(fwCfgArgument('flatcar', 'a,b.ign')).toMatch(/,file=a,,b\.ign\n$/);
});

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
  expect(GUESTINFO.kinds.talos).toBeUndefined();
});

const mac = parseMac('525400551cee') ?? missing();
const uuid = parseUuid('c6c30f6a-4a1b-4337-8325-c4c2543ad437') ?? missing();
const node = (more: Partial<Node>): Node => ({ name: 'a-coreos', vars: {}, ...more });

/** The metadata, which lie in the image as they are. */
function metaData(of: Node, key?: string): unknown {
  const text = configDrive({ node: of, body: Buffer.from('x') }, key).toString('latin1');
  return JSON.parse(/^\{"uuid".*\}$/m.exec(text.replaceAll('\0', '\n'))?.[0] ?? '{}');
}

it('names the node, with an identity that stays the same', () => {
  expect(metaData(node({ mac, uuid }))).toEqual({ uuid, hostname: 'a-coreos' });
  expect(metaData(node({ mac }))).toMatchObject({ uuid: 'pilotlight-52-54-00-55-1c-ee' });
  expect(metaData(node({ serial: 'S 1' }))).toMatchObject({ uuid: 'pilotlight-S 1' });
});

it('carries the SSH key that the kernel’s command line carries on PXE', () => {
  expect(metaData(node({ mac }), 'ssh-ed25519 AAAA me')).toMatchObject({
    public_keys: { pilotlight: 'ssh-ed25519 AAAA me' },
  });
});
