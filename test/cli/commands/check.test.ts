import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const GOOD = {
  'profiles/a.json': {
    system: 'custom',
    kernel: 'k',
    cloud_config: 'a',
    nodes: [
      { name: 'n', mac: '525400551cee' },
      { name: 'm', mac: '525400551cef', ip: '10.0.0.1' },
    ],
  },
  'configs/a.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n',
  'images/k': 'kernel',
};

describe('check', () => {
  it('says that all is well, and what it looked at', async () => {
    const { code, stdout } = await runCli(['check'], makeFolder(GOOD));
    expect(stdout).toBe('1 profile, 2 nodes, 1 document (rendered 2 times), 0 keys: no problems\n');
    expect(code).toBe(0);
  });

  it('renders every document for every node', async () => {
    const dir = makeFolder({
      ...GOOD,
      'configs/a.yml.hbs':
        '#cloud-config\nhostname: {{node.name}}\n# {{#if node.ip}}{{/if}}{{lookup node "ip" default="x"}}\n# {{node.ip}}\n',
    });
    const { code, stdout } = await runCli(['check'], dir);
    expect(code).toBe(1);
    expect(stdout).toMatch(/error configs\/a\.yml\.hbs:\d+/);
    expect(stdout).toMatch(/rendered for n: .*node\.ip/);
    expect(stdout).not.toContain('rendered for m');
  });

  it('names file, line, key and remedy', async () => {
    const dir = makeFolder({ 'profiles/a.json': '{\n  "cloud_confg": "a"\n}\n' });
    const { code, stdout } = await runCli(['check'], dir);
    expect(code).toBe(1);
    expect(stdout).toMatch(/error profiles\/a\.json:2:\d+ cloud_confg: unknown key/);
    expect(stdout).toContain('did you mean `cloud_config`?');
    expect(stdout).toContain('1 error');
  });

  it('counts a missing image as a warning; --strict makes it fail', async () => {
    const dir = makeFolder({ 'profiles/a.json': { system: 'flatcar', version: '1.2.3' } });
    const { code, stdout } = await runCli(['check'], dir);
    expect(code).toBe(0);
    expect(stdout).toContain('images/flatcar/amd64/1.2.3/flatcar_production_pxe.vmlinuz is not there');
    expect((await runCli(['check', '--strict'], dir)).code).toBe(1);
  });

  it('names the key whose file is missing, and sees a path that begins twice with images/', async () => {
    const dir = makeFolder({ 'profiles/a.json': { system: 'custom', kernel: 'images/k', initrd: ['i'] } });
    const { stdout } = await runCli(['check'], dir);
    expect(stdout).toContain(
      'profiles/a.json:3:13 kernel: images/images/k is not there\n  -> put it there, or leave out images/',
    );
    expect(stdout).toContain(
      'profiles/a.json:4:13 initrd: images/i is not there\n  -> put it there, or change the initrd',
    );
  });

  it('speaks JSON to programs', async () => {
    const { code, stdout } = await runCli(['check', '--json'], makeFolder({ 'profiles/a.json': '{' }));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      profiles: 0,
      problems: [{ severity: 'error', place: { file: 'profiles/a.json' } }],
    });
  });

  it('says that there is no such folder, without a stack', async () => {
    const { code, stderr } = await runCli(['check', '--data-dir', '/nonexistent/x'], makeFolder());
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^pilotlight check: .*: \/nonexistent\/x \(create it, or .*PILOTLIGHT_DATA_DIR.*\)\n$/);
    expect(stderr).not.toContain('    at ');
  });

  it('the shipped folder is without errors', async () => {
    const { stdout } = await runCli(['check'], new URL('../../..', import.meta.url).pathname);
    expect(stdout).toContain('0 errors');
  });
});
