import { describe, expect, it } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import { type UnknownPolicy, WAIT } from '../../src/boot/decide.ts';
import { SAMPLE_KEYS } from '../../src/boot/template-data.ts';
import { createReports } from '../../src/server/reports.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

const W1 = { mac: '52:54:00:00:00:01', platform: 'efi' } as const;
const S1 = { mac: '52:54:00:00:00:02', platform: 'efi' } as const;
const U1 = { mac: '52:54:00:00:00:03', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', platform: 'pcbios' } as const;
const FILES = {
  'profiles/worker.json': { system: 'custom', kernel: 'w', nodes: [{ name: 'w1', mac: W1.mac }] },
  'profiles/server.json': {
    system: 'custom',
    ...{ kernel: 'w', install: { disk: '/dev/sda' }, menu: 'Installs the server' },
    nodes: [{ name: 's1', mac: S1.mac }],
  },
  'profiles/vault.json': {
    system: 'custom',
    ...{ kernel: 'w', secrets: true, menu: 'Secrets', vars: { pw: 'all' } },
    nodes: [{ name: 'u1', uuid: U1.uuid, vars: { pw: 'geheim' } }],
  },
  'profiles/memtest.json': { system: 'custom', kernel: 'm', menu: 'Memory test' },
  'profiles/rescue.json': {
    system: 'custom',
    kernel: 'r',
    menu: 'Rescue',
    cloud_config: 'rescue',
    vars: { pw: 'none' },
  },
  'profiles/disk.json': { system: 'custom', boot: 'local', kernel: 'w', menu: 'The disk' },
  'profiles/menu.json': { system: 'custom', kernel: 'w', menu: 'A profile called menu' },
  'profiles/quiet.json': { system: 'custom', kernel: 'w' },
  'configs/rescue.yml.hbs': '#cloud-config\nhostname: {{node.name}}\npw: {{vars.pw}}\n',
  'images/w': 'kernel',
  'images/m': 'kernel',
  'images/r': 'kernel',
};
const ON = { ...WAIT, timeoutSeconds: 30, keySeconds: 3 };

async function open(unknown: UnknownPolicy = ON, files: Readonly<Record<string, object | string>> = FILES) {
  const context = await contextOf(files);
  await context.marks.start();
  const { catalog, imageStore, marks } = context;
  const service = createBootService({ catalog, imageStore, marks, claims: marks, unknown });
  const question = (machine: Parameters<typeof factsOf>[0], choice?: string) => ({
    ...{ facts: factsOf(machine), origin: originOf(), asker: '10.0.0.7' },
    ...(choice === undefined ? {} : { choice: nameOf(choice) }),
  });
  const script = async (machine: Parameters<typeof factsOf>[0], choice?: string) =>
    (await service.script(question(machine, choice))).script;
  return { ...context, service, question, script };
}

const MENU_OF_W1 = `#!ipxe
:show
menu What shall this machine boot?
item --gap MAC: 52:54:00:00:00:01
item --gap
item profile1 Memory test
item profile2 Rescue
item --gap
item wait Go on with its own profile, worker
item local Boot the local disk
choose --timeout 30000 --default wait chosen || goto wait
goto \${chosen}
:profile1
chain --timeout 20000 --replace http://10.0.2.2:4777/ipxe?mac=52-54-00-00-00-01&profile=memtest&platform=efi || goto failed
:profile2
chain --timeout 20000 --replace http://10.0.2.2:4777/ipxe?mac=52-54-00-00-00-01&profile=rescue&platform=efi || goto failed
:wait
chain --timeout 20000 --replace http://10.0.2.2:4777/ipxe?mac=52-54-00-00-00-01&profile=wait&platform=efi || goto failed
`;

describe('the menu of tools', () => {
  it('is behind a key, which changes nothing else, and nothing at all while it is off', async () => {
    const { service, question, script } = await open();
    const off = (await open(WAIT)).script;
    const key = [
      'prompt --key 0x6d --timeout 3000 Press m within 3 s for the menu of tools || goto own',
      'chain --timeout 20000 --replace http://10.0.2.2:4777/ipxe?mac=52-54-00-00-00-01&profile=menu&platform=efi ||',
      ':own',
    ].join('\n');
    expect(await script(W1)).toContain(`\n${key}\n`);
    expect((await script(W1)).replace(`${key}\n`, '')).toBe(await off(W1));
    expect(await off(W1, 'menu'), 'off').toBe(await off(W1));
    expect(await script(W1, 'wait'), 'who went on is not asked again').toBe(await off(W1));
    expect((await service.script(question(W1, 'menu'))).decision).toMatchObject({ outcome: 'menu', profile: 'worker' });
  });

  it('offers what has a title, installs nothing and keeps no secrets', async () => {
    const { script } = await open();
    expect((await script(W1, 'menu')).slice(0, MENU_OF_W1.length)).toBe(MENU_OF_W1);
  });

  it('what was chosen boots as this machine, and its own comes back at the next power-on', async () => {
    const { service, question, script } = await open();
    const rescue = await script(W1, 'rescue');
    expect(rescue).toContain('profiles/rescue.json was chosen at the screen of w1, for this boot');
    expect(rescue).toMatch(/images\/r\b.*\/configs\/rescue\.yml\?mac=52-54-00-00-00-01&profile=rescue/);
    expect(rescue).not.toContain('prompt');
    const { body } = await service.documentOf('cloud_config', question(W1, 'rescue'));
    expect(body.toString()).toBe('#cloud-config\nhostname: w1\npw: none\n');
    expect(await script(W1)).toContain('images/w');
  });

  it.each(['server', 'vault', 'disk', 'quiet', 'nonsense'])('%s is no tool: its own profile', async (choice) => {
    const { script } = await open();
    expect(await script(W1, choice)).toContain('mac 52:54:00:00:00:01 is node w1 of profiles/worker.json');
  });

  it('an installed machine is asked before its disk, one that is to be installed is not', async () => {
    const { script, marks, service, question } = await open();
    const { script: installer, decision } = await service.script(question(S1));
    expect([decision.outcome, installer.includes('prompt')]).toEqual(['install', false]);
    expect(await script(S1, 'server'), 'its own').toBe(installer);
    const who = { key: S1.mac, also: [], machine: factsOf(S1) };
    await marks.installed(who, { profile: 'server', disk: '/dev/sda' });
    expect(await script(S1)).toMatch(/prompt --key [^]*:own\necho Booting from the local disk\nexit 1\n$/);
    expect(await script(S1, 'memtest')).toContain('images/m');
    expect(marks.of(who)).toMatchObject({ state: 'installed', profile: 'server' });
  });

  it('keeps to its machines what their profile keeps: a chosen profile has no vars of theirs', async () => {
    const { service, question } = await open();
    const { body } = await service.documentOf('cloud_config', question(U1, 'rescue'));
    expect(body.toString()).toBe('#cloud-config\nhostname: u1\npw: none\n');
  });

  it('keeps its host key there, too: by a chosen profile any client could ask for it', async () => {
    const { catalog, imageStore, marks, question } = await open(ON, {
      ...FILES,
      'profiles/rescue.json': { ...FILES['profiles/rescue.json'], ssh_host_keys: true },
      'profiles/vault.json': { ...FILES['profiles/vault.json'], ssh_host_keys: true },
      'configs/rescue.yml.hbs': '#cloud-config\nkey: {{json ssh_host_keys.ed25519_public}}\n',
    });
    const hostKeys = SAMPLE_KEYS;
    const service = createBootService({ catalog, imageStore, marks, claims: marks, unknown: ON, hostKeys });
    const { body } = await service.documentOf('cloud_config', question(W1, 'rescue'));
    expect(body.toString()).toContain('ssh-ed25519');
    await expect(service.documentOf('cloud_config', question(U1, 'rescue'))).rejects.toThrow(
      'the host key of u1 stays with its own profile, which keeps secrets',
    );
  });

  it('a report counts as that of its own profile, whatever it says was chosen', async () => {
    const { catalog, marks, question } = await open();
    const asked: unknown[] = [];
    const access = {
      report: ({ profile }: { profile?: { name: string } | undefined }) => void asked.push(profile?.name),
    };
    const journal = { record: () => undefined, status: () => ({ on: true, lost: 0 }), flushed: async () => undefined };
    const reports = createReports({ catalog, marks, access: access, journal, unknown: ON, now: Date.now });
    await reports.up(question(U1, 'rescue'), {});
    expect(asked).toEqual(['vault']);
  });

  it('is not shown in the place of what an operator asked for once: that is not its own to go on with', async () => {
    const { marks, script, question } = await open();
    const { facts } = question(W1);
    await marks.bootOnce({ key: facts.mac ?? expect.fail(), also: [], machine: facts }, 'server', '/dev/sda');
    expect(await script(W1, 'menu')).not.toContain('Go on with its own profile');
  });

  it('is not offered where there is no tool, nor to a machine that waits', async () => {
    const without = (...names: readonly string[]) =>
      Object.fromEntries(Object.entries(FILES).filter(([name]) => !names.includes(name)));
    const noTool = await open(ON, without('profiles/memtest.json', 'profiles/rescue.json'));
    expect(await noTool.script(W1)).not.toContain('prompt');
    expect(await (await open(ON, without('images/w'))).script(W1)).not.toContain('prompt');
  });
});
