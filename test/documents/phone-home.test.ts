import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../src/documents/document.ts';
import { expectGolden } from '../support/golden.ts';
import { IGNITION_VERSIONS } from '../../src/documents/ignition-spec.ts';
import { addPhoneHome, PHONE_HOME_UNIT } from '../../src/documents/phone-home.ts';
import { phoneHomeUnit } from '../../src/documents/units.ts';

const UP = 'http://10.0.2.2:4777/phone-home/52-54-00-55-1c-ee';

describe('Ignition', () => {
  test.each([...IGNITION_VERSIONS.keys()])('%s takes the unit', (version) => {
    const text = addPhoneHome('ignition', JSON.stringify({ ignition: { version } }), 'flatcar', UP) ?? '';
    expect(checkDocument('ignition', text, { file: 'x', system: 'flatcar' })).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({
      systemd: { units: [{ name: PHONE_HOME_UNIT, contents: phoneHomeUnit(UP) }] },
    });
    const starts = version.startsWith('2.0') ? '"enable":true' : '"enabled":true';
    expect(text).toContain(starts);
  });

  it('keeps every other byte', () => {
    const own =
      '{ "ignition":{"version": "3.3.0"},\n  "systemd": {"units": [\n    {"name":"a.service",  "mask":true}\n  ]},\n "x":1.0e3}\n';
    const text = addPhoneHome('ignition', own, 'fedora-coreos', UP) ?? '';
    expectGolden('installing/phone-home.ign', text);
    expect(text.startsWith(own.slice(0, own.indexOf('true}') + 5))).toBe(true);
    expect(text.endsWith('\n  ]},\n "x":1.0e3}\n')).toBe(true);
  });

  it('leaves alone a document that has its own', () => {
    const own = `{"ignition":{"version":"3.0.0"},"systemd":{"units":[{"name":"${PHONE_HOME_UNIT}","mask":true}]}}`;
    expect(addPhoneHome('ignition', own, 'flatcar', UP)).toBe(own);
  });

  test.each([
    ['{"ignition":{"version":"3.3.0"},"systemd":null}', ''],
    ['{"ignition":{"version":"3.3.0"},"systemd":{"units":null}}', ''],
  ])('takes null for an absent key: %j', (own) => {
    const text = addPhoneHome('ignition', own, 'flatcar', UP) ?? '';
    expect(JSON.parse(text)).toMatchObject({ systemd: { units: [{ name: PHONE_HOME_UNIT }] } });
  });

  test.each(['2.0.0', '2.2.0', '3.0.0', '3.3.0'])(
    'case 16-phone-home-and-replace: %s with config.replace throws a unit away, so there is no place',
    (version) => {
      const text = JSON.stringify({ ignition: { version, config: { replace: { source: 'http://x/y.ign' } } } });
      expect(addPhoneHome('ignition', text, 'flatcar', UP)).toBeUndefined();
      const empty = JSON.stringify({ ignition: { version, config: { replace: null } } });
      expect(addPhoneHome('ignition', empty, 'flatcar', UP)).toContain(UP);
    },
  );

  test.each([
    '',
    'variant: flatcar\nversion: 1.0.0\n',
    '{"ignition":{}}',
    '{"ignition":{"version":"3.0.0"},"systemd":{"units":{}}}',
    '[]',
  ])('finds no place in %j', (text) => {
    expect(addPhoneHome('ignition', text, 'flatcar', UP)).toBeUndefined();
  });
});

describe('cloud-config', () => {
  it('gets the unit, and keeps every other line', () => {
    const own = '#cloud-config\ncoreos:\n  units:\n    - name: a.service\n      command: start   # mine\nhostname: a\n';
    const text = addPhoneHome('cloud_config', own, 'coreos', UP) ?? '';
    expectGolden('installing/phone-home.yml', text);
    for (const system of ['coreos', 'flatcar'] as const) {
      expect(checkDocument('cloud_config', text, { file: 'x', system })).toEqual([]);
    }
  });

  it('leaves alone a document that has its own', () => {
    const own = `#cloud-config\ncoreos:\n  units:\n    - name: "${PHONE_HOME_UNIT}"\n      mask: true\n`;
    expect(addPhoneHome('cloud_config', own, 'coreos', UP)).toBe(own);
  });

  test.each(['#!/bin/sh\n', '', '{"ignition": {}}', '#cloud-config\n[\n'])('finds no place in %j', (text) => {
    expect(addPhoneHome('cloud_config', text, 'coreos', UP)).toBeUndefined();
  });
});

describe('user-data', () => {
  const MODULE = { url: UP, post: ['instance_id', 'hostname', 'fqdn'], tries: 200 };

  test.each(['nocloud', 'cloud_config'] as const)('gets cloud-init’s own module (%s)', (kind) => {
    const text = addPhoneHome(kind, '#cloud-config\nhostname: a # x\n', 'custom', UP) ?? '';
    expect(text.startsWith('#cloud-config\nhostname: a # x\nphone_home:\n')).toBe(true);
    expect(parse(text)).toEqual({ hostname: 'a', phone_home: MODULE });
    expect(addPhoneHome(kind, text, 'custom', 'http://other/')).toBe(text);
  });

  it('is about the installed system where one is installed, not about the installer', () => {
    const own = '#cloud-config\nautoinstall:\n  version: 1\n  identity: {hostname: a}\n';
    expect(parse(addPhoneHome('nocloud', own, 'ubuntu', UP) ?? '')).toEqual({
      autoinstall: { version: 1, identity: { hostname: 'a' }, 'user-data': { phone_home: MODULE } },
    });
  });

  it('does not take the question for a user away', () => {
    expect(addPhoneHome('nocloud', '#cloud-config\nautoinstall:\n  version: 1\n', 'ubuntu', UP)).toBeUndefined();
  });

  it('finds no place in scripts and templates of cloud-init', () => {
    expect(addPhoneHome('nocloud', '#!/bin/sh\n', 'ubuntu', UP)).toBeUndefined();
    expect(addPhoneHome('nocloud', '## template: jinja\n#cloud-config\n', 'ubuntu', UP)).toBeUndefined();
  });
});

it('has no place in what has no units', () => {
  for (const kind of ['preseed', 'kickstart', 'generic'] as const) {
    expect(addPhoneHome(kind, 'x', 'custom', UP)).toBeUndefined();
  }
});
