import { describe, expect, it } from 'vitest';
import {
  againOf,
  explained,
  local,
  nobody,
  notice,
  ownDisk,
  titleLines,
  waiting,
} from '../../src/boot/script-notices.ts';
import { type MatchedMachine, type InstallState, WAIT } from '../../src/boot/decide.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Profile } from '../../src/model/profile.ts';
import { byMac, MAC, NOON, TARGET } from '../machines/marks.ts';
import { factsOf, houseOf, nameOf, originOf } from '../support/house.ts';
import { profileOf } from '../os/sample.ts';

const FACTS = factsOf({ mac: MAC, platform: 'efi' });
const QUESTION = { facts: FACTS, origin: originOf() };
const MARK = { key: MAC, machine: byMac().machine, ...TARGET, state: 'installed', since: NOON, tries: 1 } as const;

function matched(
  installState: InstallState,
  more: Partial<Profile> = {},
  by: 'mac' | 'choice' = 'mac',
): MatchedMachine {
  return { installState, match: { profile: profileOf(more), node: { name: 'a', vars: {}, ...FACTS }, by } };
}

describe('the local disk', () => {
  it('of an installed machine: with the reason on its screen', () => {
    const { script, decision } = local(matched({ kind: 'local', mark: MARK }), FACTS);
    expect(script).toMatch(/^#!ipxe\necho a: [^]*installed from profiles\/worker\.json since 2026[^]*\nexit 1\n$/);
    expect(decision).toMatchObject({
      outcome: 'local',
      because: expect.stringContaining('pilotlight reinstall a') as string,
    });
  });

  it('of a profile that says so: nothing more, as ever', () => {
    expect(local(matched({ kind: 'local' }), FACTS).script).toBe('#!ipxe\necho Booting from the local disk\nexit 1\n');
  });

  it('by a 404, which says why to whoever reads it', () => {
    const gone = matched({ kind: 'local', mark: MARK }, { local_boot: 'http-404' });
    expect(() => local(gone, FACTS)).toThrow(Failure);
    expect(ownDisk(gone, FACTS)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('since 2026') as string,
    });
    expect(ownDisk(matched({ kind: 'local' }), FACTS).message).toBe(
      `profiles/sample.json: mac ${MAC} boots its own disk`,
    );
  });
});

describe('who waits', () => {
  it('sees who it is and why, and asks again as what it was matched', () => {
    const { script, decision } = waiting(matched({ kind: 'boot' }), QUESTION, ['because of this']);
    expect(script).toMatch(/echo a: CoreOS[^]*echo because of this[^]*sleep 5/);
    expect(decision.outcome).toBe('waiting');
    expect(againOf(matched({ kind: 'boot' }), QUESTION)).not.toContain('profile=');
    expect(againOf(matched({ kind: 'boot' }, {}, 'choice'), QUESTION)).toContain('&profile=sample&');
  });

  it('is told its try once', () => {
    const install: InstallState = { kind: 'install', target: TARGET, attempt: 1, limit: 3 };
    expect(titleLines(matched(install), FACTS).at(-1)).toBe('installs to /dev/sda, try 1 of 3');
    expect(titleLines(matched({ kind: 'stopped', tries: 3 }), FACTS)).toHaveLength(2);
  });
});

describe('who is unknown', () => {
  const ask = async (files: Record<string, object | string>, choice?: string, show: 'menu' | 'wait' = 'menu') => {
    const { catalog } = await houseOf(files);
    const question = { ...QUESTION, ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
    return nobody(question, catalog.current(), { ...WAIT, show });
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
