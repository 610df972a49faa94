import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../src/documents/document.ts';
import { installAutoinstall } from '../../src/documents/install-autoinstall.ts';
import { expectGolden } from '../support/golden.ts';

const INSTALL = { disk: '/dev/vda', report: 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb' };
const OWN = `#cloud-config
# The web servers
autoinstall:
  version: 1
  identity: {hostname: web, username: me, password: "$6$x"}
  late-commands:
    # first this
    - curtin in-target -- systemctl enable x   # and no more
  ssh:
    install-server: yes
`;

describe('installAutoinstall', () => {
  it('adds a disk and a report, and changes nothing else', () => {
    const text = installAutoinstall(OWN, INSTALL) ?? '';
    expectGolden('installing/install-ubuntu', text);
    expect(checkDocument('nocloud', text, { fileName: 'x', system: 'ubuntu' })).toEqual([]);
    for (const line of OWN.split('\n')) expect(text.split('\n')).toContain(line);
  });

  it('leaves the operator’s storage alone', () => {
    const own = '#cloud-config\nautoinstall:\n  version: 1\n  storage:\n    layout: {name: lvm}\n';
    expect(parse(installAutoinstall(own, INSTALL) ?? '')).toEqual({
      autoinstall: {
        version: 1,
        storage: { layout: { name: 'lvm' } },
        'late-commands': [
          expect.stringMatching(/^\( n=0; until curl .* 'http:.*serial=a%2Fb' \| grep -q \^2; do .*\)$/),
        ],
      },
    });
  });

  test.each([
    ['a script', '#!/bin/sh\n'],
    ['no autoinstall', '#cloud-config\nhostname: a\n'],
    ['a jinja template', '## template: jinja\n#cloud-config\nautoinstall:\n  version: 1\n'],
    ['broken YAML', '#cloud-config\nautoinstall: [\n'],
    ['late-commands that are no list', '#cloud-config\nautoinstall:\n  late-commands: x\n'],
  ])('has nothing to add to %s', (_name, text) => {
    expect(installAutoinstall(text, INSTALL)).toBeUndefined();
  });
});
