import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findNode } from '../../src/exports/host.ts';
import { libvirtDomain, type LibvirtDomainInput } from '../../src/exports/libvirt.ts';
import { parseUuid } from '../../src/model/machine.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';
import { missing, profileOf } from './sample.ts';

const plain = profileOf('a', [{ name: 'a-coreos', mac: '52:54:00:55:1c:ee' }, { name: 'b-coreos' }]);
const known = profileOf('b', [], {
  nodes: [
    {
      name: 'by-uuid',
      uuid: parseUuid('c6c30f6a-4a1b-4337-8325-c4c2543ad437') ?? missing(),
      serial: `<A&'1">`,
      vars: {},
    },
  ],
});
const arm = profileOf('c', [{ name: 'arm', mac: '52:54:00:00:00:03' }], { arch: 'arm64' });
const domain = (node: string, more: Partial<LibvirtDomainInput> = {}): string =>
  libvirtDomain({ ...findNode([plain, known, arm], node), uefi: false, network: 'pilotlight', ...more });

const CASES: readonly (readonly [string, string])[] = [
  ['bios', domain('a-coreos')],
  ['uefi', domain('a-coreos', { uefi: true, network: 'default' })],
  ['identity', domain('by-uuid')],
  ['arm64', domain('arm')],
];

describe('a libvirt domain', () => {
  it.each(CASES)('%s: as in the golden', (name, text) => {
    expectGolden(`exports/libvirt-domain-${name}.xml`, text);
  });

  it('is the same for arm64 with and without --uefi: there is no BIOS', () => {
    expect(domain('arm', { uefi: true })).toBe(domain('arm'));
  });

  it('without a node of that name is refused, with the nearest', () => {
    expect(() => domain('a-coros')).toThrow(
      expect.objectContaining({ code: 'not-found', remedy: 'did you mean a-coreos?' }),
    );
    expect(() => domain('zzzzzz')).toThrow(/no profile has a node called "zzzzzz"/);
  });
});

// Debian: libvirt-clients, with libxml2-utils.
const VALIDATE = 'virt-xml-validate';
const check = (text: string) => spawnSync(VALIDATE, ['-', 'domain'], { input: text, encoding: 'utf8' });

needs({ commands: [VALIDATE, 'xmllint'] }).describe("libvirt's own schema", () => {
  it.each(CASES)('accepts %s', (_name, text) => {
    const { status, stderr } = check(text);
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });

  it('would say no to a mistake', () => {
    expect(check(domain('a-coreos').replaceAll('vcpu', 'vcqu')).status).not.toBe(0);
  });
});
