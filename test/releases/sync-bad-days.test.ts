import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { FLATCAR_PROFILE, makeStand } from '../support/sync-stand.ts';
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
    const stand = await makeStand({
      'profiles/seed.json': FLATCAR_PROFILE,
      'profiles/twin.json': { system: 'flatcar', version: '1.0.0' },
    });
    serveFlatcar(stand, '4593.2.5');
    stand.upstream.fail(
      INITRD,
      meanwhile(() => {
        rmSync(join(stand.dir, 'profiles/seed.json'));
      }),
    );
    const { code, events } = await stand.sync();
    expect(code).toBe(0);
    expect(events).toContainEqual({
      kind: 'kept',
      target: 'flatcar/stable/amd64',
      profile: 'seed',
      why: 'it was deleted meanwhile',
    });
    expect(existsSync(join(stand.dir, 'profiles/seed.json'))).toBe(false);
    expect(stand.version('twin')).toBe('4593.2.5');
    stand.upstream.check();
  });

  it('what was saved meanwhile stays, with the new version in it', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const edited = FLATCAR_PROFILE.replace('"nodes"', '"console": ["ttyS1"],\r\n\t"nodes"').trimEnd();
    stand.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(stand.dir, 'profiles/seed.json'), edited);
      }),
    );
    expect((await stand.sync()).code).toBe(0);
    expect(stand.read('profiles/seed.json')).toBe(edited.replace('4152.2.0', '4593.2.5'));
  });

  it.each([
    ['pinned', '"update": "manual", "nodes"'],
    ['moved to another channel', '"arch": "arm64", "nodes"'],
  ])('a profile that was %s meanwhile is left alone', async (_, edit) => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const edited = FLATCAR_PROFILE.replace('"nodes"', edit);
    stand.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(stand.dir, 'profiles/seed.json'), edited);
      }),
    );
    const { events } = await stand.sync();
    expect(events).toContainEqual(expect.objectContaining({ kind: 'kept', profile: 'seed' }));
    expect(stand.read('profiles/seed.json')).toBe(edited);
  });

  it('a profile that was broken meanwhile fails alone: the release is there for the next run', async () => {
    const stand = await makeStand({
      'profiles/seed.json': FLATCAR_PROFILE,
      'profiles/twin.json': { system: 'flatcar', version: '1.0.0' },
    });
    serveFlatcar(stand, '4593.2.5');
    stand.upstream.fail(
      INITRD,
      meanwhile(() => {
        writeFileSync(join(stand.dir, 'profiles/seed.json'), '{ "system": "flatcar", ');
      }),
    );
    const { code, report } = await stand.sync();
    expect(stand.version('twin')).toBe('4593.2.5');
    expect([code, report.failed, report.removed]).toEqual([1, 1, []]);
    expect(report.targets[0]?.message).toMatch(/^profiles\/seed\.json/);
    writeFileSync(join(stand.dir, 'profiles/seed.json'), FLATCAR_PROFILE);
    expect((await stand.sync()).code).toBe(0);
    expect(stand.read('profiles/seed.json')).toBe(NEW);
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
    const stand = await makeStand({ ...files, 'profiles/seed.json': FLATCAR_PROFILE });
    serveFlatcar(stand, '4593.2.5');
    const before = Object.keys(files).map((file) => stand.read(file));
    const { code, report } = await stand.sync();
    expect(code).toBe(0);
    expect(report.skipped.map(({ profile, why }) => `${profile}: ${why}`)).toEqual([
      'manual: its "update" is "manual"',
      'none: it names no "version": write any, the sync then keeps it current',
      'null: it names no "version": write any, the sync then keeps it current',
      'own: it names its own files',
    ]);
    expect(Object.keys(files).map((file) => stand.read(file))).toEqual(before);
    expect(stand.read('profiles/seed.json')).toBe(NEW);
  });

  it('CoreOS Container Linux without a mirror is one line, and stops nobody else', async () => {
    const stand = await makeStand({
      'profiles/old.json': { version: '1298.6.0' },
      'profiles/seed.json': FLATCAR_PROFILE,
    });
    serveFlatcar(stand, '4593.2.5');
    const flags = stand.flags.filter(
      (flag, i) => flag !== '--mirror-coreos' && stand.flags[i - 1] !== '--mirror-coreos',
    );
    const { code, stderr } = await runCli(['sync', ...flags]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'coreos/stable/amd64: CoreOS Container Linux ended in 2020 and its download servers are gone (name a mirror in PILOTLIGHT_MIRROR_COREOS, or continue with "system": "flatcar")\n',
    );
    expect(stand.read('profiles/seed.json')).toBe(NEW);
  });
});

describe('the publisher has a bad day', () => {
  it('half a release: nothing appears, the profile stays, and the next run finishes', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    stand.upstream.absent(INITRD);
    const { code, report } = await stand.sync();
    expect([code, stand.visible(), stand.read('profiles/seed.json')]).toEqual([1, [], FLATCAR_PROFILE]);
    expect(report.targets[0]?.message).toContain('the release is not, or only half, published');
    stand.upstream.put(INITRD, payload(`4593.2.5 ${FLATCAR.initrd}`));
    expect((await stand.sync()).code).toBe(0);
    expect(stand.read('profiles/seed.json')).toBe(NEW);
  });

  it('one channel fails, the other is brought up to date', async () => {
    const stand = await makeStand({
      'profiles/a.json': { system: 'flatcar', channel: 'beta', version: '1.1.0' },
      'profiles/seed.json': FLATCAR_PROFILE,
    });
    serveFlatcar(stand, '4593.2.5');
    stand.upstream.put('/flatcar/beta/amd64-usr/current/version.txt', 'x');
    stand.upstream.failAlways('/flatcar/beta/amd64-usr/current/version.txt', status(403));
    const { code, report } = await stand.sync();
    expect(code).toBe(1);
    expect(report.targets.map(({ target, outcome }) => [target, outcome])).toEqual([
      ['flatcar/beta/amd64', 'failed'],
      ['flatcar/stable/amd64', 'published'],
    ]);
    expect(stand.read('profiles/seed.json')).toBe(NEW);
  });

  it('a mirror that leaves out the signature of the version is told, and refused once it had it', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.4');
    const unsigned = (version: string): void => {
      const text = `${flatcarFolder(version)}/version.txt`;
      stand.upstream.absent(text, `${text}.sig`);
    };
    unsigned('4593.2.4');
    const first = await stand.sync();
    expect([first.code, first.events.filter(({ kind }) => kind === 'note')]).toEqual([
      0,
      [expect.objectContaining({ message: expect.stringContaining('no signed version.txt for 4593.2.4') as string })],
    ]);
    serveFlatcar(stand, '4593.2.5');
    expect((await stand.sync()).code).toBe(0);
    serveFlatcar(stand, '4593.2.6');
    unsigned('4593.2.6');
    const { code, report } = await stand.sync();
    expect([code, report.targets[0]?.message]).toEqual([
      1,
      expect.stringContaining('4593.2.6 comes without a signed version.txt, which 4593.2.5 had'),
    ]);
    expect(stand.version('seed')).toBe('4593.2.5');
    serveFlatcar(stand, '4593.2.6');
    expect((await stand.sync()).code).toBe(0);
  });

  it('an older release than the one in force is refused, unless it is asked for', async () => {
    const stand = await makeStand({ 'profiles/seed.json': FLATCAR_PROFILE.replace('4152.2.0', '10000.2.0') });
    serveFlatcar(stand, '9999.2.9');
    const refused = await stand.sync();
    expect(refused.code).toBe(1);
    expect(refused.report.targets[0]?.message).toContain(
      'flatcar stable offers 9999.2.9, which is older than 10000.2.0',
    );
    expect(stand.upstream.requests).toEqual(flatcarQuestions('9999.2.9'));
    expect((await stand.sync('--allow-downgrade')).code).toBe(0);
    expect(stand.version('seed')).toBe('9999.2.9');
    // It is the one in force from now on.
    expect((await stand.sync()).code).toBe(0);
  });

  it('a release that was accepted once is remembered, whatever the profile was set to by hand', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    await stand.sync();
    writeFileSync(join(stand.dir, 'profiles/seed.json'), FLATCAR_PROFILE);
    serveFlatcar(stand, '4459.2.4');
    const { report } = await stand.sync();
    expect(report.targets[0]?.message).toContain('offers 4459.2.4, which is older than 4593.2.5');
    expect(stand.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
  });

  it('a profile that moved to another channel may get an older release', async () => {
    const stand = await makeStand({ 'profiles/seed.json': { system: 'flatcar', channel: 'beta', version: '1.1.0' } });
    serveFlatcar(stand, '4700.1.0', 'beta');
    await stand.sync();
    writeFileSync(join(stand.dir, 'profiles/seed.json'), JSON.stringify({ system: 'flatcar', version: '4700.1.0' }));
    serveFlatcar(stand, '4593.2.5');
    expect((await stand.sync()).code).toBe(0);
    expect(stand.version('seed')).toBe('4593.2.5');
  });
});
