import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { FLATCAR_PROFILE, makeSetup } from '../support/sync-setup.ts';
import { status } from '../support/upstream-faults.ts';
import { flatcarQuestions, FLATCAR, flatcarFolder, payload, serveFlatcar } from '../support/upstream-releases.ts';
import { type Fault, serve } from '../support/upstream-server.ts';

const INITRD = `${flatcarFolder('4593.2.5')}/${FLATCAR.initrd}`;
const NEW = FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5');

/** Does something while the release comes: between the plan and the rewriting. */
function meanwhile(act: () => void): Fault {
  return (response, resource, request) => {
    act();
    serve(request, response, resource);
  };
}

describe('somebody edits profiles while the sync runs', () => {
  it('a deleted profile stays deleted, the others follow', async () => {
    const setup = await makeSetup({
      'profiles/seed.json': FLATCAR_PROFILE,
      'profiles/twin.json': { system: 'flatcar', version: '1.0.0' },
    });
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.fail(
      INITRD,
      meanwhile(() => {
        rmSync(join(setup.dir, 'profiles/seed.json'));
      }),
    );
    const { code, events } = await setup.sync();
    expect(code).toBe(0);
    expect(events).toContainEqual({
      kind: 'kept',
      target: 'flatcar/stable/amd64',
      profile: 'seed',
      why: 'it was deleted meanwhile',
    });
    expect(existsSync(join(setup.dir, 'profiles/seed.json'))).toBe(false);
    expect(setup.version('twin')).toBe('4593.2.5');
    setup.upstream.check();
  });

  it('what was saved meanwhile stays, with the new version in it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const edited = FLATCAR_PROFILE.replace('"nodes"', '"console": ["ttyS1"],\r\n\t"nodes"').trimEnd();
    setup.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(setup.dir, 'profiles/seed.json'), edited);
      }),
    );
    expect((await setup.sync()).code).toBe(0);
    expect(setup.read('profiles/seed.json')).toBe(edited.replace('4152.2.0', '4593.2.5'));
  });

  it.each([
    ['pinned', '"update": "manual", "nodes"'],
    ['moved to another channel', '"arch": "arm64", "nodes"'],
  ])('a profile that was %s meanwhile is left alone', async (_, edit) => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const edited = FLATCAR_PROFILE.replace('"nodes"', edit);
    setup.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(setup.dir, 'profiles/seed.json'), edited);
      }),
    );
    const { events } = await setup.sync();
    expect(events).toContainEqual(expect.objectContaining({ kind: 'kept', profile: 'seed' }));
    expect(setup.read('profiles/seed.json')).toBe(edited);
  });

  it('a profile that was broken meanwhile fails alone: the release is there for the next run', async () => {
    const setup = await makeSetup({
      'profiles/seed.json': FLATCAR_PROFILE,
      'profiles/twin.json': { system: 'flatcar', version: '1.0.0' },
    });
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(setup.dir, 'profiles/seed.json'), '{ "system": "flatcar", ');
      }),
    );
    const { code, report } = await setup.sync();
    expect(setup.version('twin')).toBe('4593.2.5');
    expect([code, report.failed, report.removed]).toEqual([1, 1, []]);
    expect(report.targets[0]?.message).toMatch(/^profiles\/seed\.json/);
    writeFileSync(join(setup.dir, 'profiles/seed.json'), FLATCAR_PROFILE);
    expect((await setup.sync()).code).toBe(0);
    expect(setup.read('profiles/seed.json')).toBe(NEW);
  });
});

describe('what a profile asks for', () => {
  it('manual, without a version, null: not one byte changes, and why is said', async () => {
    const files = {
      'profiles/manual.json': { system: 'flatcar', version: '1.0.0', update: 'manual' },
      'profiles/none.json': { boot: 'local' },
      'profiles/null.json': { boot: 'local', version: null },
      'profiles/own.json': { system: 'custom', kernel: 'own/vmlinuz', version: '1' },
    };
    const setup = await makeSetup({ ...files, 'profiles/seed.json': FLATCAR_PROFILE });
    serveFlatcar(setup, '4593.2.5');
    const before = Object.keys(files).map((file) => setup.read(file));
    const { code, report } = await setup.sync();
    expect(code).toBe(0);
    expect(report.skipped.map(({ profile, why }) => `${profile}: ${why}`)).toEqual([
      'manual: its "update" is "manual"',
      'none: it names no "version": write any, the sync then keeps it current',
      'null: it names no "version": write any, the sync then keeps it current',
      'own: it names its own files',
    ]);
    expect(Object.keys(files).map((file) => setup.read(file))).toEqual(before);
    expect(setup.read('profiles/seed.json')).toBe(NEW);
  });

  it('CoreOS Container Linux without a mirror is one line, and stops nobody else', async () => {
    const setup = await makeSetup({
      'profiles/old.json': { version: '1298.6.0' },
      'profiles/seed.json': FLATCAR_PROFILE,
    });
    serveFlatcar(setup, '4593.2.5');
    const flags = setup.flags.filter(
      (flag, i) => flag !== '--mirror-coreos' && setup.flags[i - 1] !== '--mirror-coreos',
    );
    const { code, stderr } = await runCli(['sync', ...flags]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'coreos/stable/amd64: CoreOS Container Linux ended in 2020 and its download servers are gone (name a mirror in PILOTLIGHT_MIRROR_COREOS, or continue with "system": "flatcar")\n',
    );
    expect(setup.read('profiles/seed.json')).toBe(NEW);
  });
});

describe('the publisher has a bad day', () => {
  it('half a release: nothing appears, the profile stays, and the next run finishes', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.absent(INITRD);
    const { code, report } = await setup.sync();
    expect([code, setup.visible(), setup.read('profiles/seed.json')]).toEqual([1, [], FLATCAR_PROFILE]);
    expect(report.targets[0]?.message).toContain('the release is not, or only half, published');
    setup.upstream.put(INITRD, payload(`4593.2.5 ${FLATCAR.initrd}`));
    expect((await setup.sync()).code).toBe(0);
    expect(setup.read('profiles/seed.json')).toBe(NEW);
  });

  it('one channel fails, the other is brought up to date', async () => {
    const setup = await makeSetup({
      'profiles/a.json': { system: 'flatcar', channel: 'beta', version: '1.1.0' },
      'profiles/seed.json': FLATCAR_PROFILE,
    });
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.put('/flatcar/beta/amd64-usr/current/version.txt', 'x');
    setup.upstream.failAlways('/flatcar/beta/amd64-usr/current/version.txt', status(403));
    const { code, report } = await setup.sync();
    expect(code).toBe(1);
    expect(report.targets.map(({ target, outcome }) => [target, outcome])).toEqual([
      ['flatcar/beta/amd64', 'failed'],
      ['flatcar/stable/amd64', 'published'],
    ]);
    expect(setup.read('profiles/seed.json')).toBe(NEW);
  });

  it('a mirror that leaves out the signature of the version is told, and refused once it had it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.4');
    const unsigned = (version: string): void => {
      const text = `${flatcarFolder(version)}/version.txt`;
      setup.upstream.absent(text, `${text}.sig`);
    };
    unsigned('4593.2.4');
    const first = await setup.sync();
    expect([first.code, first.events.filter(({ kind }) => kind === 'note')]).toEqual([
      0,
      [expect.objectContaining({ message: expect.stringContaining('no signed version.txt for 4593.2.4') as string })],
    ]);
    serveFlatcar(setup, '4593.2.5');
    expect((await setup.sync()).code).toBe(0);
    serveFlatcar(setup, '4593.2.6');
    unsigned('4593.2.6');
    const { code, report } = await setup.sync();
    expect([code, report.targets[0]?.message]).toEqual([
      1,
      expect.stringContaining('4593.2.6 comes without a signed version.txt, which 4593.2.5 had'),
    ]);
    expect(setup.version('seed')).toBe('4593.2.5');
    serveFlatcar(setup, '4593.2.6');
    expect((await setup.sync()).code).toBe(0);
  });

  it('an older release than the one in force is refused, unless it is asked for', async () => {
    const setup = await makeSetup({ 'profiles/seed.json': FLATCAR_PROFILE.replace('4152.2.0', '10000.2.0') });
    serveFlatcar(setup, '9999.2.9');
    const refused = await setup.sync();
    expect(refused.code).toBe(1);
    expect(refused.report.targets[0]?.message).toContain(
      'flatcar stable offers 9999.2.9, which is older than 10000.2.0',
    );
    expect(setup.upstream.requests).toEqual(flatcarQuestions('9999.2.9'));
    expect((await setup.sync('--allow-downgrade')).code).toBe(0);
    expect(setup.version('seed')).toBe('9999.2.9');
    // It is the one in force from now on.
    expect((await setup.sync()).code).toBe(0);
  });

  it('a release that was accepted once is remembered, whatever the profile was set to by hand', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    await setup.sync();
    writeFileSync(join(setup.dir, 'profiles/seed.json'), FLATCAR_PROFILE);
    serveFlatcar(setup, '4459.2.4');
    const { report } = await setup.sync();
    expect(report.targets[0]?.message).toContain('offers 4459.2.4, which is older than 4593.2.5');
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
  });

  it('a profile that moved to another channel may get an older release', async () => {
    const setup = await makeSetup({ 'profiles/seed.json': { system: 'flatcar', channel: 'beta', version: '1.1.0' } });
    serveFlatcar(setup, '4700.1.0', 'beta');
    await setup.sync();
    writeFileSync(join(setup.dir, 'profiles/seed.json'), JSON.stringify({ system: 'flatcar', version: '4700.1.0' }));
    serveFlatcar(setup, '4593.2.5');
    expect((await setup.sync()).code).toBe(0);
    expect(setup.version('seed')).toBe('4593.2.5');
  });
});
