import { describe, expect, it } from 'vitest';
import { type InstallState, type MachineDecision, type UnknownPolicy, WAIT } from '../../src/boot/decide.ts';
import { againOf } from '../../src/boot/machine-plan.ts';
import { titleLines } from '../../src/boot/reasons.ts';
import { explained, local, notice, ownDisk, unknownMachine, waiting } from '../../src/boot/screens.ts';
import { Failure } from '../../src/model/failure.ts';
import type { BuiltProfile } from '../../src/model/profile.ts';
import { byMac, MAC, NOON, TARGET } from '../machines/marks.ts';
import { profileOf } from '../os/sample.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

const FACTS = factsOf({ mac: MAC, platform: 'efi' });
const QUESTION = { facts: FACTS, origin: originOf() };
const MARK = { key: MAC, machine: byMac().machine, ...TARGET, state: 'installed', since: NOON, tries: 1 } as const;

function machine(
  installState: InstallState,
  more: Partial<BuiltProfile> = {},
  by: 'mac' | 'choice' = 'mac',
): MachineDecision {
  const match = { profile: profileOf(more), node: { name: 'a', vars: {}, ...FACTS }, by };
  return { installState, match, build: undefined, identity: undefined, life: undefined, question: QUESTION };
}

describe('the local disk', () => {
  it('of an installed machine: with the reason on its screen', () => {
    const { script, decision } = local(machine({ kind: 'local', mark: MARK }));
    expect(script).toMatch(/^#!ipxe\necho a: [^]*installed from profiles\/worker\.json since 2026[^]*\nexit 1\n$/);
    expect(decision).toMatchObject({
      outcome: 'local',
      because: expect.stringContaining('pilotlight reinstall a') as string,
    });
  });

  it('of a profile that says so: nothing more, as ever', () => {
    expect(local(machine({ kind: 'local' })).script).toBe('#!ipxe\necho Booting from the local disk\nexit 1\n');
  });

  it('by a 404, which says why to whoever reads it', () => {
    const gone = machine({ kind: 'local', mark: MARK }, { local_boot: 'http-404' });
    expect(() => local(gone)).toThrow(Failure);
    expect(ownDisk(gone)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('since 2026') as string,
    });
    expect(ownDisk(machine({ kind: 'local' })).message).toBe(`profiles/sample.json: mac ${MAC} boots its own disk`);
  });
});

describe('who waits', () => {
  it('sees who it is and why, and asks again as what it was matched', () => {
    const { script, decision } = waiting({ ...machine({ kind: 'boot' }), obstacle: { kind: 'images', missing: [] } }, [
      'because of this',
    ]);
    expect(script).toMatch(/echo a: CoreOS[^]*echo because of this[^]*sleep 5/);
    expect(decision.outcome).toBe('waiting');
    expect(againOf(QUESTION, machine({ kind: 'boot' }).match)).not.toContain('profile=');
    expect(againOf(QUESTION, machine({ kind: 'boot' }, {}, 'choice').match)).toContain('&profile=sample&');
  });

  it('is told its try once', () => {
    const install: InstallState = { kind: 'install', target: TARGET, attempt: 1, limit: 3 };
    expect(titleLines(machine(install)).at(-1)).toBe('installs to /dev/sda, try 1 of 3');
    expect(titleLines(machine({ kind: 'stopped', tries: 3 }))).toHaveLength(2);
  });
});

describe('who is unknown', () => {
  const ask = async (files: Record<string, object | string>, choice?: string, show: 'menu' | 'wait' = 'menu') => {
    const { catalog } = await contextOf(files);
    const question = { ...QUESTION, ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
    return unknownMachine(question, catalog.current(), { ...WAIT, show });
  };
  const LIVE = { 'profiles/live.json': { system: 'flatcar', version: '1.0.0', menu: 'Live' } };

  it('chooses, or waits and keeps to that', async () => {
    expect((await ask(LIVE)).decision.outcome).toBe('menu');
    const waits = await ask(LIVE, 'wait');
    expect(waits.decision.outcome).toBe('unknown');
    expect(waits.script).toContain('&profile=wait&');
    const off = await ask(LIVE, 'wait', 'wait');
    expect(off.script).not.toContain('profile=wait');
  });

  it('waits as ever where no profile has a title', async () => {
    const { decision, script } = await ask({ 'profiles/x.json': { system: 'flatcar', version: '1.0.0' } });
    expect(decision.outcome).toBe('unknown');
    expect(script).toContain('No profile claims this machine.');
  });

  it('never meets the menu while a broken file names it', async () => {
    const broken = `{ "versoin": "1", "nodes": [{ "name": "a", "mac": "${MAC}" }] }`;
    expect((await ask({ ...LIVE, 'profiles/b.json': broken })).decision.outcome).toBe('waiting');
  });
});

it('a question that cannot be read is explained, and asked again from the start', () => {
  const text = explained(new Failure('invalid', 'serial is odd'), originOf());
  expect(text).toContain('echo serial is odd');
  expect(text).toContain('--replace http://10.0.2.2:4777/boot.ipxe');
  expect(notice(['x'], 'http://a/b')).toContain('sleep 5');
});

const MENU: UnknownPolicy = { show: 'menu', timeoutSeconds: 30, choice: 'wait' };
const STRANGER = factsOf({ mac: '525400000009', platform: 'pcbios' });

function profile(menu?: string): object {
  return { system: 'flatcar', version: '1.0.0', ...(menu === undefined ? {} : { menu }) };
}

async function menu(profiles: Readonly<Record<string, object>>, policy: Partial<UnknownPolicy> = {}, choice?: string) {
  const files = Object.entries(profiles).map(([name, content]) => [`profiles/${name}.json`, content]);
  const { catalog } = await contextOf(Object.fromEntries(files) as Record<string, object>);
  const question = { facts: STRANGER, origin: originOf(), ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
  const answer = unknownMachine(question, catalog.current(), { ...MENU, ...policy });
  return answer.decision.outcome === 'menu' ? answer : undefined;
}

const TWO = { b: profile('Alpha'), a: profile('Beta'), hidden: profile() };

describe('the menu of an unknown machine', () => {
  it('has every profile with a title, by title, and what is always there', async () => {
    const answer = await menu(TWO);
    expect(answer?.script.match(/^item .*/gm)).toEqual([
      'item --gap MAC: 52:54:00:00:00:09',
      'item --gap',
      'item profile1 Alpha',
      'item profile2 Beta',
      'item --gap',
      'item wait Wait to be adopted',
      'item local Boot the local disk',
    ]);
    expect(answer?.script).toContain('/ipxe?mac=52-54-00-00-00-09&profile=b&platform=pcbios ||');
    expect(answer?.script).toContain('/ipxe?mac=52-54-00-00-00-09&profile=wait&platform=pcbios ||');
    expect(answer?.decision).toMatchObject({
      outcome: 'menu',
      because: 'no profile names mac 52:54:00:00:00:09; its screen offers 2 profiles',
    });
  });

  it('chooses what the setting says', async () => {
    expect((await menu(TWO, { choice: 'a' }))?.script).toContain('choose --timeout 30000 --default profile2 chosen');
    expect((await menu(TWO, { choice: 'local' }))?.script).toContain('--default local chosen');
    expect((await menu(TWO, { timeoutSeconds: 0 }))?.script).toContain('choose --default wait chosen');
  });

  it('says where it can be read that the setting names nothing, and waits', async () => {
    const answer = await menu(TWO, { choice: 'hidden' });
    expect(answer?.script).toContain('--default wait chosen');
    expect(answer?.script).toContain(
      'item --gap PILOTLIGHT_MENU_DEFAULT is hidden, which is no profile with a "menu" title',
    );
    expect(answer?.decision.because).toContain('PILOTLIGHT_MENU_DEFAULT');
  });

  it('is not there when it is off, when there is nothing to choose, or when the machine chose to wait', async () => {
    expect(await menu(TWO, { show: 'wait' })).toBeUndefined();
    expect(await menu({ hidden: profile() })).toBeUndefined();
    expect(await menu(TWO, {}, 'wait')).toBeUndefined();
    expect((await menu(TWO, {}, 'gone'))?.decision.outcome).toBe('menu');
  });

  it('never offers a profile under a word that means something else', async () => {
    expect(await menu({ wait: profile('Wait'), local: profile('Local') })).toBeUndefined();
    const { decision } = (await menu({ wait: profile('Wait'), a: profile('A') })) ?? {};
    expect(decision?.because).toContain('offers one profile');
  });
});
