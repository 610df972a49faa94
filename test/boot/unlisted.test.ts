import { describe, expect, it } from 'vitest';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const origin = originOf();
const LISTED = { facts: factsOf({ mac: '525400551cee' }), origin };
const UNLISTED = { facts: factsOf({ mac: '525400000099', hostname: 'dhcp-name' }), origin };

const FILES = {
  'profiles/p.json': {
    system: 'custom',
    kernel: 'http://192.0.2.1/k',
    cloud_config: 'a',
    default: true,
    nodes: [{ name: 'a', mac: '525400551cee' }],
  },
  'configs/a.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n',
};

describe('a template that names what only "nodes" can say', () => {
  it('lets a machine that no profile lists wait, and says why on its screen and in the log', async () => {
    const { bootService } = await contextOf(FILES);
    const { script, decision } = await bootService.script(UNLISTED);
    expect(script).toMatch(/^#!ipxe/);
    expect(script).toContain('This machine cannot boot yet:');
    expect(script).toContain(
      'configs/a.yml.hbs:2:13: variable "node.name" is not there: no profile lists this machine',
    );
    expect(script).toContain(`/ipxe?mac=`);
    expect(script).not.toContain('kernel ');
    expect(decision).toMatchObject({ outcome: 'waiting', profile: 'p' });
    expect(decision.warning).toContain('no profile lists this machine');
    // A listed one boots.
    expect((await bootService.script(LISTED)).decision.outcome).toBe('boot');
  });

  it.each([
    ['node.ip', true],
    ['node.vars.rack', true],
    ['node.vars', true],
    ['node.serial', false],
    ['node.names', false],
    ['vars.node.name', false],
  ])('%s: only what "nodes" alone can say is explained so', async (name, explained) => {
    const text = `#cloud-config\nhostname: "{{${name}}}"\n`;
    const { bootService } = await contextOf({ ...FILES, 'configs/a.yml.hbs': text });
    const why = async (who: typeof LISTED) =>
      await bootService.documentOf('cloud_config', who).then(
        () => '',
        (error: unknown) => String(error),
      );
    const unlisted = await why(UNLISTED);
    expect(unlisted).toContain(`variable "${name}"`);
    expect(unlisted.includes('no profile lists this machine')).toBe(explained);
    expect(await why(LISTED)).not.toContain('no profile lists this machine');
  });

  it('is nothing that the other boot loaders hand out either', async () => {
    const { bootService } = await contextOf(FILES);
    for (const ask of [
      bootService.grub(UNLISTED),
      bootService.pixiecore(UNLISTED.facts.mac ?? ('' as never), origin),
      bootService.documentOf('cloud_config', UNLISTED),
    ]) {
      await expect(ask).rejects.toThrow('no profile lists this machine');
    }
    await expect(bootService.document('a.yml', UNLISTED)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await bootService.pxelinux(UNLISTED)).toBeUndefined();
  });

  it('is an error of check and Health that keeps no file from coming into force', async () => {
    const { catalog } = await contextOf(FILES);
    const { problems, profiles } = catalog.current();
    expect(problems).toMatchObject([
      {
        severity: 'error',
        message:
          'rendered for a machine that no profile lists: variable "node.name" is not there: no profile lists this machine',
        place: { file: 'configs/a.yml.hbs', line: 2 },
        remedy: 'add it to "nodes" of profiles/p.json, or write {{lookup node "name" default=...}}',
      },
    ]);
    expect(profiles.size).toBe(1);
    // Somebody who adds a machine to it must be able to save.
    const profile = Buffer.from(JSON.stringify({ ...FILES['profiles/p.json'], nodes: [] }));
    const tried = catalog.attempt(new Map([['profiles/p.json', profile]])).problems;
    expect(tried.map(({ severity }) => severity)).toEqual(['warning']);
  });

  it('is nothing where the template asks, or where the profile is for listed machines', async () => {
    const asks = await contextOf({
      ...FILES,
      'configs/a.yml.hbs': '#cloud-config\nhostname: {{lookup node "name" default=node.mac}}\n',
    });
    expect(asks.catalog.current().problems).toEqual([]);
    expect((await asks.bootService.script(UNLISTED)).decision.outcome).toBe('boot');
    const own = await contextOf({ ...FILES, 'profiles/p.json': { ...FILES['profiles/p.json'], default: false } });
    expect(own.catalog.current().problems).toEqual([]);
  });

  it('holds for a profile of the menu as well', async () => {
    const { catalog } = await contextOf({
      ...FILES,
      'profiles/p.json': { ...FILES['profiles/p.json'], default: false, menu: 'Try it' },
    });
    expect(catalog.current().problems).toMatchObject([{ severity: 'error' }]);
  });

  it('judges by what the machine will say of itself when it fetches the document', async () => {
    // iPXE tells the name that DHCP gave; the kernel line carries only the MAC.
    const { bootService } = await contextOf({
      ...FILES,
      'configs/a.yml.hbs': '#cloud-config\nhostname: {{node.hostname}}\n',
    });
    expect((await bootService.script(UNLISTED)).decision.outcome).toBe('waiting');
  });
});

describe('a listed machine', () => {
  const files = {
    'profiles/p.json': {
      ...FILES['profiles/p.json'],
      default: false,
      generic: 'g',
      nodes: [
        { name: 'a', mac: '525400551cee', ip: '10.0.0.1' },
        { name: 'b', mac: '525400551cef' },
      ],
    },
    'configs/a.yml.hbs': '#cloud-config\nhostname: x{{node.ip}}\n',
    'configs/g.hbs': '{{vars.nothing}}',
  };

  it('waits, too, when its document cannot be made, and a document that it does not read is no reason', async () => {
    const { bootService } = await contextOf(files);
    expect((await bootService.script(LISTED)).decision.outcome).toBe('boot');
    const { script, decision } = await bootService.script({ facts: factsOf({ mac: '525400551cef' }), origin });
    expect(decision).toMatchObject({ outcome: 'waiting', node: 'b' });
    expect(script).toContain('configs/a.yml.hbs:2:14: variable "node.ip" is not there');
  });
});

it('a generic document of a custom kernel has no argument: that is said, unless kernel_args point to it', async () => {
  const profile = { system: 'custom', kernel: 'http://192.0.2.1/k', generic: 'g' };
  const silent = await contextOf({ 'profiles/p.json': profile, 'configs/g': 'x' });
  expect(silent.catalog.current().problems).toMatchObject([
    { severity: 'warning', place: { file: 'profiles/p.json', key: 'generic', line: 4 } },
  ]);
  const told = { ...profile, kernel_args: ['conf=http://192.0.2.1:4777/configs/g'] };
  expect((await contextOf({ 'profiles/p.json': told, 'configs/g': 'x' })).catalog.current().problems).toEqual([]);
});
