import { describe, expect, test } from 'vitest';
import { parseMac } from '../../src/model/machine.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';
import { AT, D1, FOLDER, openAccess, OTHER, question, STRANGER, tokenIn, W1 } from './access-setup.ts';

const REFUSED = { code: 'refused' };
const KINDS = ['boot', 'install'] as const;
const DAY = 86_400_000;

describe('a script with a token', () => {
  test('goes to the machine, and to no address whose card is another', async () => {
    const setup = await openAccess();
    expect(tokenIn(await setup.script(W1, AT))).not.toBe('');
    expect(setup.said()).toEqual([]);
    const script = await setup.script(W1, STRANGER);
    expect(tokenIn(script)).toBe('');
    expect(script).toContain(`echo ${STRANGER} is not ${W1}: its neighbour entry says ${OTHER}`);
    expect(script).not.toContain('kernel ');
    expect(setup.incidents).toEqual([
      {
        facts: { mac: W1 },
        from: STRANGER,
        text: `${STRANGER} is not ${W1}: its neighbour entry says ${OTHER}, and it asked for its script`,
      },
    ]);
  });

  test('needs a neighbour entry: one that is incomplete, failed or behind a router is none', async () => {
    const setup = await openAccess();
    const script = await setup.script(W1, '10.9.9.9');
    expect(tokenIn(script)).toBe('');
    expect(script).toContain(`10.9.9.9 is not known to be ${W1}`);
    setup.network.set(AT, undefined);
    expect(tokenIn(await setup.script(W1, AT))).toBe('');
  });

  test('goes to a routed network that the settings name, unless the table knows better', async () => {
    const setup = await openAccess(FOLDER, { isRouted: (address) => address.startsWith('10.') });
    expect(tokenIn(await setup.script(W1, '10.9.9.9'))).not.toBe('');
    expect(tokenIn(await setup.script(W1, STRANGER))).toBe('');
  });

  test('does not go to an address that DHCP gave to another card; one that it gave to this card proves nothing', async () => {
    const leases = new Map([
      ['10.9.9.9', parseMac(OTHER)],
      ['10.9.9.10', parseMac(W1)],
    ]);
    const leasedTo = (address: string) => leases.get(address);
    const routed = await openAccess(FOLDER, { leasedTo, isRouted: (address) => address.startsWith('10.') });
    const script = await routed.script(W1, '10.9.9.9');
    expect(tokenIn(script)).toBe('');
    expect(script).toContain(`10.9.9.9 is not ${W1}: that address was given to ${OTHER}`);
    expect(tokenIn(await routed.script(W1, '10.9.9.10'))).not.toBe('');
    const near = await openAccess(FOLDER, { leasedTo });
    expect(tokenIn(await near.script(W1, '10.9.9.10'))).toBe('');
  });

  test('does not go to whom says the right UUID from its own card: what a client says proves nothing', async () => {
    const setup = await openAccess();
    const uuid = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
    const script = await setup.script(OTHER, STRANGER, { uuid });
    expect(tokenIn(script)).toBe('');
    expect(script).toContain('profiles/s.json lists it without its "mac"');
    expect(setup.incidents[0]?.facts).toEqual({ uuid });
  });

  test('is the same for GRUB and pxelinux; where nothing can be said there is no file', async () => {
    const { bootService, said } = await openAccess();
    expect(tokenIn((await bootService.grub(question(W1, AT))).script)).not.toBe('');
    await expect(bootService.grub(question(W1, STRANGER))).rejects.toMatchObject(REFUSED);
    expect(tokenIn((await bootService.pxelinux(question(W1, AT)))?.text ?? '')).not.toBe('');
    expect(await bootService.pxelinux(question(W1, STRANGER))).toBeUndefined();
    expect(tokenIn((await bootService.grubConfig(question(W1, AT), true))?.script ?? '')).not.toBe('');
    const refused = await bootService.grubConfig(question(W1, STRANGER), true);
    expect(refused?.decision).toMatchObject({ outcome: 'waiting', stranger: true });
    expect(refused?.script).not.toMatch(/plt-|^if linux|#!ipxe/m);
    expect(refused?.script).toContain(`\necho '${STRANGER} is not ${W1}`);
    expect(said()).toHaveLength(3);
  });

  test('may be repeated to that address only', async () => {
    const { bootService } = await openAccess();
    expect((await bootService.script(question(W1, AT))).only).toBe(AT);
    expect((await bootService.script(question(W1, STRANGER))).only).toBe(STRANGER);
  });

  test('is what a profile without secrets and without an installer never has', async () => {
    const setup = await openAccess({
      ...FOLDER,
      'profiles/s.json': { ...(FOLDER['profiles/s.json'] as object), secrets: false },
    });
    expect(tokenIn(await setup.script(W1, STRANGER))).toBe('');
    expect((await setup.bootService.document('s.yml', question(W1, STRANGER))).body.toString()).toContain('geheimer');
    expect(setup.said()).toEqual([]);
  });
});

describe('a document of a profile with secrets', () => {
  test('goes to the machine with its token, and its addresses carry tokens', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    const { body, secret } = await setup.bootService.document('s.yml', question(W1, AT, token));
    expect(body.toString()).toContain('password: geheimer');
    expect(body.toString()).toContain(`done: http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?token=${token}\n`);
    expect(tokenIn(body.toString())).not.toBe(token);
    expect(secret).toBe(true);
    expect(setup.said()).toEqual([]);
  });

  test.each([
    ['documents by name', 's.yml'],
    ['documents by name, as coreos-ipxe-server had it', 's'],
  ])('%s: nothing without a token, by name alone or for another machine', async (_, name) => {
    const setup = await openAccess();
    const { bootService } = setup;
    const own = tokenIn(await setup.script(D1, '10.0.0.8'));
    await expect(bootService.document(name, question(W1, AT))).rejects.toMatchObject(REFUSED);
    await expect(bootService.document(name, { facts: {}, origin: originOf(), asker: AT })).rejects.toMatchObject(
      REFUSED,
    );
    await expect(bootService.document(name, question(D1, '10.0.0.8', own))).rejects.toMatchObject(REFUSED);
    await expect(bootService.document(name, question(W1, AT, own))).rejects.toMatchObject(REFUSED);
    expect(setup.said()).toEqual([
      `${AT} asked for configs/s.yml.hbs of ${W1} without a token: it got nothing`,
      `${AT} asked for configs/s.yml.hbs by its name, which profiles/s.json keeps: refused`,
      '10.0.0.8 asked for configs/s.yml.hbs by its name, which profiles/s.json keeps: refused',
      `${AT} asked for configs/s.yml.hbs of ${W1} with a token that is not of this machine: it got nothing`,
    ]);
  });

  test('every way out is one way out', async () => {
    const { bootService, script } = await openAccess();
    const token = tokenIn(await script(W1, AT));
    const ways = (asked: ReturnType<typeof question>): readonly (readonly [string, () => Promise<unknown>])[] => [
      ['/cloud', () => bootService.documentOf('cloud_config', asked)],
      ['/metadata', () => bootService.metadata(asked)],
      ...(['user-data', 'meta-data', 'vendor-data', 'network-config'] as const).map(
        (file) => [`/nocloud/${file}`, () => bootService.nocloud(file, asked)] as const,
      ),
      ['/configs/seed', () => bootService.document('seed', asked)],
      ['/configs/seed.vendor-data', () => bootService.document('seed.vendor-data', asked)],
    ];
    for (const [way, ask] of ways(question(W1, AT, token))) await expect(ask(), way).resolves.toBeDefined();
    for (const asked of [question(W1, AT), question(W1, STRANGER, token), question(W1, AT, `${token}A`)]) {
      for (const [way, ask] of ways(asked)) await expect(ask(), way).rejects.toMatchObject(REFUSED);
    }
    for (const name of ['seed', 'seed.vendor-data', 's.yml']) {
      const asked = { facts: {}, origin: originOf(), asker: AT };
      await expect(bootService.document(name, asked), name).rejects.toMatchObject(REFUSED);
    }
  });

  test.each([
    ['cannot be read', { 'profiles/s.json': '{ "secrets": true, "cloud_config": "s" "nocloud": "seed" }' }],
    [
      'contradicts another file',
      { 'profiles/a.json': { system: 'custom', kernel: 'k', nodes: [{ name: 'other', mac: W1 }] } },
    ],
  ])('stays where it is while the profile that keeps it %s', async (_, files) => {
    const { bootService, said } = await openAccess({ ...FOLDER, 'configs/notes': 'for all', ...files });
    for (const asked of [{ facts: {}, origin: originOf(), asker: STRANGER }, question(D1, STRANGER)]) {
      for (const name of ['seed', 'seed.vendor-data', 's.yml']) {
        await expect(bootService.document(name, asked), name).rejects.toMatchObject(REFUSED);
      }
      for (const name of ['plain.yml', 'notes']) {
        await expect(bootService.document(name, asked), name).resolves.toBeDefined();
      }
    }
    expect(said()[0]).toContain('which profiles/s.json keeps: refused');
  });

  test('vars are not in /profiles/NAME.json, where a profile without secrets leaves byte for byte', async () => {
    const { bootService } = await openAccess();
    const text = (await bootService.profileFile(nameOf('s'))).toString();
    expect(text).not.toContain('geheim');
    expect(JSON.parse(text)).toMatchObject({ secrets: true, nodes: [{ name: 'w1', mac: W1 }, { name: 'w2' }] });
    expect((await bootService.profileFile(nameOf('d'))).toString()).toContain('"disk": "/dev/vda"');
  });

  test("pixiecore's route and a profile asked for by name have no place for a token, and give nothing", async () => {
    const { bootService } = await openAccess();
    const { mac } = factsOf({ mac: W1 });
    if (mac === undefined) throw new TypeError('the test is wrong');
    await expect(bootService.pixiecore(mac, originOf(), AT)).rejects.toMatchObject(REFUSED);
    const { script } = await bootService.scriptOf(nameOf('s'), originOf());
    expect(script).toContain('profiles/s.json keeps secrets, and it was asked for by its name alone');
    expect(script).not.toContain('kernel ');
  });

  test('a stranger who heard the token gets nothing, and is told of', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    await expect(setup.bootService.document('s.yml', question(W1, STRANGER, token))).rejects.toMatchObject(REFUSED);
    expect(setup.said()).toEqual([
      `${STRANGER} is not ${W1}: its neighbour entry says ${OTHER}: it got nothing of configs/s.yml.hbs of ${W1}`,
    ]);
  });

  test('the machine at another address gets it once its card is seen there, which is told', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    const moved = question(W1, '10.0.0.77', token);
    await expect(setup.bootService.document('s.yml', moved)).rejects.toMatchObject(REFUSED);
    setup.network.set('10.0.0.77', factsOf({ mac: W1 }).mac);
    await expect(setup.bootService.document('s.yml', moved)).resolves.toBeDefined();
    expect(setup.said().at(-1)).toContain('with a token that was given to another address: its network card fits');
  });

  test('a neighbour entry that changed between script and document counts; one that is gone does not', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    setup.network.set(AT, undefined);
    await expect(setup.bootService.document('s.yml', question(W1, AT, token))).resolves.toBeDefined();
    setup.network.set(AT, factsOf({ mac: OTHER }).mac);
    await expect(setup.bootService.document('s.yml', question(W1, AT, token))).rejects.toMatchObject(REFUSED);
  });

  test('a newer question takes nothing from a token; a day does', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    setup.clock.now += DAY - 1000;
    expect(tokenIn(await setup.script(W1, AT))).not.toBe(token);
    await setup.script(W1, STRANGER);
    await expect(setup.bootService.document('s.yml', question(W1, AT, token))).resolves.toBeDefined();
    setup.clock.now += 2000;
    await expect(setup.bootService.document('s.yml', question(W1, AT, token))).rejects.toMatchObject(REFUSED);
    expect(setup.said().at(-1)).toContain('with a token that is too old');
  });

  test('what only says that a machine is up fetches nothing', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    const up = tokenIn((await setup.bootService.document('s.yml', question(W1, AT, token))).body.toString());
    await expect(setup.bootService.document('s.yml', question(W1, AT, up))).rejects.toMatchObject(REFUSED);
    expect(setup.said()).toEqual([
      `${AT} asked for configs/s.yml.hbs of ${W1} with a token that only says that it is up: it got nothing`,
    ]);
  });

  test('fetched more often than its system does: told once, and not refused', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(W1, AT));
    for (let i = 0; i < 8; i += 1) await setup.bootService.document('s.yml', question(W1, AT, token));
    expect(setup.said()).toEqual([
      `configs/s.yml.hbs of ${W1} is fetched more often than its system does: 5 times since its script`,
    ]);
  });
});

describe('an installation', () => {
  test('its documents and reports carry the token of its claim, however often the script is asked for', async () => {
    const setup = await openAccess();
    const token = tokenIn(await setup.script(D1, '10.0.0.8'));
    expect(token).not.toBe('');
    expect(setup.marks.all()[0]?.tokens).toBe(setup.clock.now);
    setup.clock.now += 600_000;
    const later = tokenIn(await setup.script(D1, '10.0.0.8'));
    for (const one of [token, later]) {
      await setup.bootService.document('plain.yml', question(D1, '10.0.0.8', one));
    }
    await setup.reports.installed(question(D1, '10.0.0.8', token));
    await setup.reports.installed(question(D1, '10.0.0.8', later));
    expect(setup.marks.all()[0]?.state).toBe('installed');
    expect(setup.said()).toEqual([]);
  });

  test("pixiecore's route carries none, and its report needs none", async () => {
    const setup = await openAccess();
    const { mac } = factsOf({ mac: D1 });
    if (mac === undefined) throw new TypeError('the test is wrong');
    expect(JSON.stringify(await setup.bootService.pixiecore(mac, originOf(), '10.0.0.8'))).not.toContain('plt-');
    await setup.reports.installed(question(D1, '10.0.0.8'));
    expect(setup.marks.all()[0]?.state).toBe('installed');
  });

  test.each(KINDS)('with secrets, a stranger takes no claim (%s)', async (kind) => {
    const install = kind === 'install' ? { install: { disk: '/dev/vda' } } : {};
    const setup = await openAccess({
      ...FOLDER,
      'profiles/s.json': { ...(FOLDER['profiles/s.json'] as object), ...install },
    });
    await setup.script(W1, STRANGER);
    expect(setup.marks.all()).toEqual([]);
    expect(tokenIn(await setup.script(W1, AT))).not.toBe('');
  });
});

describe('check', () => {
  const warned = async (profile: object): Promise<readonly string[]> => {
    const listed = { ...{ system: 'custom', kernel: 'k' }, ...profile };
    const { catalog } = await contextOf({ 'profiles/p.json': listed, 'images/k': 'k', 'sshkeys/k.pub': 'ssh-rsa A' });
    return catalog.current().problems.map(({ message, place }) => `${place.key ?? ''}: ${message}`);
  };
  const nodes = [
    { name: 'w1', mac: W1 },
    { name: 'w2', serial: 'S2' },
  ];

  test('warns of host keys that any client may read, and of machines that cannot prove who they are', async () => {
    const [first] = nodes;
    expect(await warned({ ssh_host_keys: true, nodes: [first] })).toContain(
      "ssh_host_keys: any client that names a node is sent the node's private host key",
    );
    expect((await warned({ ssh_host_keys: true, secrets: true, nodes: [first] })).join()).not.toContain('host key');
    expect(await warned({ secrets: true, nodes })).toContain(
      'nodes: "secrets" lets no machine boot that is listed without its "mac": w2',
    );
  });
});
