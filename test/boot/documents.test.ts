import { describe, expect, it } from 'vitest';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const origin = originOf();
const A = { facts: factsOf({ mac: '525400551cee' }), origin };
const NOBODY = { facts: {}, origin };

function text(answer: { readonly body: Buffer }): string {
  return answer.body.toString('utf8');
}

describe('document', () => {
  it('delivers a file byte for byte, by the name that coreos-ipxe-server used', async () => {
    const { bootService } = await contextOf({ 'configs/b.yml': '#cloud-config\r\n# caf\u00e9' });
    const answer = await bootService.document('b.yml', NOBODY);
    expect(text(answer)).toBe('#cloud-config\r\n# caf\u00e9');
    expect(answer.source).toBe('configs/b.yml');
  });

  it('renders a template for the machine that asks', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'flatcar',
        version: '1.0.0',
        cloud_config: 's',
        vars: { domain: 'lan', role: 'x' },
        nodes: [
          { name: 'a', mac: '525400551cee', ip: '10.0.0.2', vars: { role: 'db' } },
          { name: 'b', mac: '525400551cef', ip: '10.0.0.3' },
        ],
      },
      'configs/s.yml.hbs':
        '#cloud-config\nhostname: {{node.name}}.{{vars.domain}}\nwrite_files:\n  - path: /etc/x\n    content: "{{vars.role}} {{node.mac}} {{node.ip}} {{base_url}} {{profile.version}} {{request.mac}} {{#each cluster}}{{name}}={{ip}} {{/each}}{{ssh_keys.me}}"\n',
      'sshkeys/me.pub': 'ssh-ed25519 AAAA me\n',
    });
    const body = text(await bootService.document('s.yml', A));
    expect(body).toContain('hostname: a.lan');
    expect(body).toContain(
      '"db 52:54:00:55:1c:ee 10.0.0.2 http://10.0.2.2:4777 1.0.0 52:54:00:55:1c:ee a=10.0.0.2 b=10.0.0.3 ssh-ed25519 AAAA me"',
    );
    expect(text(await bootService.document('s', A))).toBe(body);
    expect(text(await bootService.documentOf('cloud_config', A))).toBe(body);
  });

  it('says for whom a template can be rendered', async () => {
    const { bootService } = await contextOf({ 'configs/s.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n' });
    await expect(bootService.document('s.yml', NOBODY)).rejects.toMatchObject({
      code: 'invalid',
      remedy: 'add ?mac=MAC to say for which machine',
    });
    await expect(bootService.document('s.yml', A)).rejects.toMatchObject({ code: 'not-found' });
    await expect(bootService.document('nope.yml', NOBODY)).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no document "nope.yml"',
    });
  });

  it('refuses a rendering that lacks a variable instead of sending an empty one', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'flatcar',
        version: '1.0.0',
        cloud_config: 's',
        nodes: [
          { name: 'a', mac: '525400551cee', ip: '10.0.0.2' },
          { name: 'b', mac: '525400551cef' },
        ],
      },
      'configs/s.yml.hbs': '#cloud-config\nhostname: {{node.ip}}\n',
    });
    expect(text(await bootService.document('s.yml', A))).toContain('10.0.0.2');
    const b = { facts: factsOf({ mac: '525400551cef' }), origin };
    await expect(bootService.document('s.yml', b)).rejects.toMatchObject({
      code: 'unavailable',
      place: { file: 'configs/s.yml.hbs', line: 2 },
    });
  });

  it('refuses a rendering that is no cloud-config for this node', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'coreos',
        version: '1.0.0',
        cloud_config: 's',
        nodes: [
          { name: 'a', mac: '525400551cee', vars: { c: 'start' } },
          { name: 'b', mac: '525400551cef', vars: { c: 'explode' } },
        ],
      },
      'configs/s.yml.hbs': '#cloud-config\ncoreos:\n  units:\n    - name: x.service\n      command: {{vars.c}}\n',
    });
    expect(text(await bootService.document('s.yml', A))).toContain('command: start');
    await expect(bootService.document('s.yml', { facts: factsOf({ mac: '525400551cef' }), origin })).rejects.toThrow(
      /rendered for b/,
    );
  });

  it('fills $private_ipv4 and renames hyphenated keys for nodes that it knows, and for nobody else', async () => {
    const { bootService } = await contextOf({
      'profiles/p.json': {
        system: 'flatcar',
        version: '1.0.0',
        cloud_config: 's',
        nodes: [{ name: 'a', mac: '525400551cee', ip: '10.0.0.2' }],
      },
      'configs/s.yml': '#cloud-config\nssh-authorized-keys:\n  - "x-y $private_ipv4"\n',
    });
    expect(text(await bootService.document('s.yml', A))).toBe(
      '#cloud-config\nssh_authorized_keys:\n  - "x-y 10.0.0.2"\n',
    );
    expect(text(await bootService.document('s.yml', NOBODY))).toBe(
      '#cloud-config\nssh-authorized-keys:\n  - "x-y $private_ipv4"\n',
    );
  });
});

describe('matchbox and NoCloud', () => {
  const FILES = {
    'profiles/u.json': {
      system: 'ubuntu',
      version: '24.04.1',
      nocloud: 'u',
      vars: { disk: 'sda' },
      nodes: [{ name: 'a', mac: '525400551cee' }],
    },
    'configs/u': '#cloud-config\nautoinstall:\n  version: 1\n',
    'configs/u.vendor-data.hbs': '#cloud-config\n# {{node.name}}\n',
  };

  it('gives four files with 200, those that nobody wrote too', async () => {
    const { bootService } = await contextOf(FILES);
    expect(text(await bootService.nocloud('user-data', A))).toContain('autoinstall');
    expect(text(await bootService.nocloud('meta-data', A))).toBe(
      'instance-id: "pilotlight-52-54-00-55-1c-ee"\nlocal-hostname: "a"\n',
    );
    expect(text(await bootService.nocloud('vendor-data', A))).toBe('#cloud-config\n# a\n');
    expect(text(await bootService.nocloud('network-config', A))).toBe('');
    await expect(
      bootService.nocloud('meta-data', { facts: factsOf({ mac: '525400000001' }), origin }),
    ).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('names what a profile does not have', async () => {
    const { bootService } = await contextOf(FILES);
    await expect(bootService.documentOf('ignition', A)).rejects.toThrow('profiles/u.json names no ignition');
  });

  it('gives metadata as an env file', async () => {
    const { bootService } = await contextOf(FILES);
    const body = text(await bootService.metadata(A));
    expect(body).toContain('DISK=sda\n');
    expect(body).toContain('NAME=a\n');
    expect(body).toContain('REQUEST_MAC=52:54:00:55:1c:ee\n');
  });
});
