import { describe, expect, it } from 'vitest';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const origin = originOf();
const A = { facts: factsOf({ mac: '525400551cee' }), origin };
const NOBODY = { facts: {}, origin };
const nodes = [{ name: 'a', mac: '525400551cee' }];
const INSTALLED = `${origin}/installed/52-54-00-55-1c-ee`;
const UP = `${origin}/phone-home/52-54-00-55-1c-ee`;

function text(answer: { readonly body: Buffer }): string {
  return answer.body.toString('utf8');
}

describe('what a profile asks to be put into its documents', () => {
  it('is the unit that phones home, in files and in templates', async () => {
    const ign = '{"ignition": {"version": "3.3.0"}}';
    const files = (name: string, body: string) => ({
      'profiles/p.json': { system: 'flatcar', version: '1.0.0', ignition: 'w.ign', phone_home: true, nodes },
      [`configs/${name}`]: body,
    });
    const plain = (await contextOf(files('w.ign', ign))).bootService;
    expect(text(await plain.document('w.ign', A))).toContain(UP);
    // A file that is fetched by name alone is none's.
    expect(text(await plain.document('w.ign', NOBODY))).toBe(ign);
    const made = (await contextOf(files('w.ign.hbs', ign.replace('}}', ', "timeouts": {{json vars}} }}')))).bootService;
    const rendered = text(await made.documentOf('ignition', A));
    expect(rendered).toContain('"timeouts": {}');
    expect(rendered).toContain(UP);
  });

  it('is nothing where the profile does not ask', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': { system: 'flatcar', version: '1.0.0', ignition: 'w.ign', nodes },
      'configs/w.ign': '{"ignition":{"version":"3.3.0"}}',
    });
    expect(text(await bootService.document('w.ign', A))).toBe('{"ignition":{"version":"3.3.0"}}');
  });

  it('comes after what is mended for the node', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'flatcar',
        version: '1.0.0',
        cloud_config: 's',
        phone_home: true,
        nodes: [{ ...nodes[0], ip: '10.0.0.2' }],
      },
      'configs/s.yml': '#cloud-config\nssh-authorized-keys:\n  - "x $private_ipv4"\n',
    });
    const body = text(await bootService.document('s.yml', A));
    expect(body.startsWith('#cloud-config\nssh_authorized_keys:\n  - "x 10.0.0.2"\ncoreos:\n  units:\n')).toBe(true);
    expect(body).toContain(UP);
  });

  it('is the disk and the report for Debian’s installer', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': { system: 'debian', version: '12.15', preseed: 'd', install: { disk: '/dev/vda' }, nodes },
      'configs/d.hbs': 'd-i netcfg/get_hostname string {{node.name}}\n',
    });
    const body = text(await bootService.document('d', A));
    expect(body).toContain('string a\n');
    expect(body).toContain('d-i partman-auto/disk string /dev/vda\n');
    expect(body).toContain(`--post-data= ${INSTALLED}; do `);
  });

  it('is both for Ubuntu’s', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'ubuntu',
        version: '24.04.1',
        nocloud: 'u',
        install: { disk: '/dev/vda' },
        phone_home: true,
        nodes,
      },
      'configs/u': '#cloud-config\nautoinstall:\n  version: 1\n  identity: {hostname: a}\n',
    });
    const body = text(await bootService.nocloud('user-data', A));
    expect(body).toContain('path: /dev/vda');
    expect(body).toContain(INSTALLED);
    expect(body).toContain(`url: ${UP}`);
    // meta-data and the like are none's business.
    expect(text(await bootService.nocloud('vendor-data', A))).toBe('');
  });

  it('is nothing where nothing fits: the document leaves as it is', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': { system: 'ubuntu', version: '24.04.1', nocloud: 'u', install: { disk: '/dev/vda' }, nodes },
      'configs/u': '#!/bin/sh\n',
    });
    expect(text(await bootService.nocloud('user-data', A))).toBe('#!/bin/sh\n');
  });
});
