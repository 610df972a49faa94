import { describe, expect, it } from 'vitest';
import { menuAnswer } from '../../src/boot/menu.ts';
import type { UnknownPolicy } from '../../src/boot/decide.ts';
import { factsOf, houseOf, nameOf, originOf } from '../support/house.ts';

const MENU: UnknownPolicy = { show: 'menu', timeoutSeconds: 30, choice: 'wait' };
const FACTS = factsOf({ mac: '525400000009', platform: 'pcbios' });

function profile(menu?: string): object {
  return { system: 'flatcar', version: '1.0.0', menu };
}

async function ask(profiles: Readonly<Record<string, object>>, policy: Partial<UnknownPolicy> = {}, choice?: string) {
  const files = Object.entries(profiles).map(([name, content]) => [`profiles/${name}.json`, content]);
  const { catalog } = await houseOf(Object.fromEntries(files) as Record<string, object>);
  const question = { facts: FACTS, origin: originOf(), ...(choice === undefined ? {} : { choice: nameOf(choice) }) };
  return menuAnswer(question, catalog.current(), { ...MENU, ...policy });
}

const TWO = { b: profile('Alpha'), a: profile('Beta'), hidden: profile() };

describe('the menu of an unknown machine', () => {
  it('has every profile with a title, by title, and what is always there', async () => {
    const answer = await ask(TWO);
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
    expect(answer?.decision).toEqual({
      outcome: 'menu',
      because: 'no profile names mac 52:54:00:00:00:09; its screen offers 2 profiles',
    });
  });

  it('chooses what the setting says', async () => {
    expect((await ask(TWO, { choice: 'a' }))?.script).toContain('choose --timeout 30000 --default profile2 chosen');
    expect((await ask(TWO, { choice: 'local' }))?.script).toContain('--default local chosen');
    expect((await ask(TWO, { timeoutSeconds: 0 }))?.script).toContain('choose --default wait chosen');
  });

  it('says where it can be read that the setting names nothing, and waits', async () => {
    const answer = await ask(TWO, { choice: 'hidden' });
    expect(answer?.script).toContain('--default wait chosen');
    expect(answer?.script).toContain(
      'item --gap PILOTLIGHT_MENU_DEFAULT is hidden, which is no profile with a "menu" title',
    );
    expect(answer?.decision.because).toContain('PILOTLIGHT_MENU_DEFAULT');
  });

  it('is not there when it is off, when there is nothing to choose, or when the machine chose to wait', async () => {
    expect(await ask(TWO, { show: 'wait' })).toBeUndefined();
    expect(await ask({ hidden: profile() })).toBeUndefined();
    expect(await ask(TWO, {}, 'wait')).toBeUndefined();
    expect((await ask(TWO, {}, 'gone'))?.decision.outcome).toBe('menu');
  });

  it('never offers a profile under a word that means something else', async () => {
    expect(await ask({ wait: profile('Wait'), local: profile('Local') })).toBeUndefined();
    const { decision } = (await ask({ wait: profile('Wait'), a: profile('A') })) ?? {};
    expect(decision?.because).toContain('offers one profile');
  });
});
