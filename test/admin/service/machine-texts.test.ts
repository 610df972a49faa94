import { describe, expect, test } from 'vitest';
import { machineTexts, type MachineTexts } from '../../../src/admin/service/machine-texts.ts';
import { againUrl } from '../../../src/ipxe/boot-script.ts';
import type { Question } from '../../../src/model/plan.ts';
import type { BootView } from '../../../src/model/views.ts';
import { factsOf, originOf } from '../../support/app-context.ts';
import { bootOf, eventOf, flatcar, MAC, NOW, adminSetup, type AdminSetup, rowOf } from './setup.ts';

const CLOUD = '#cloud-config\nhostname: {{node.name}}\n';
const FILES = {
  'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { cloud_config: 'w' }),
  'configs/w.yml.hbs': CLOUD,
};

async function textsOf(setup: AdminSetup, boots: readonly BootView[] = [], asked?: Question): Promise<MachineTexts> {
  return await machineTexts(
    setup.deps,
    { row: rowOf(), boots, asked },
    { facts: factsOf({ mac: MAC }), origin: originOf() },
  );
}

describe('what a machine was sent and would be sent', () => {
  test('a machine that was never seen: what it would be sent', async () => {
    const { because, texts } = await textsOf(await adminSetup(FILES));
    expect(because).toBe(`mac ${MAC} is node w1 of profiles/w.json`);
    expect(texts.map(({ title }) => title)).toEqual(['boot script', 'configs/w.yml.hbs']);
    expect(texts[1]).toEqual({ title: 'configs/w.yml.hbs', now: '#cloud-config\nhostname: w1\n' });
    expect(texts[0]).not.toHaveProperty('sent');
  });

  test('why it may not get that far, as a server that runs has seen of its card', async () => {
    const hint = { severity: 'warning', message: 'it loaded iPXE 3 times', remedy: 'set secure_boot' } as const;
    const setup = await adminSetup(FILES);
    expect(await textsOf(setup)).not.toHaveProperty('hint');
    const deps = { ...setup.deps, bootHint: (mac: string) => (mac === MAC ? hint : undefined) };
    expect((await textsOf({ ...setup, deps })).hint).toEqual(hint);
  });

  test('the last script and the last documents, not those of boots before', async () => {
    const setup = await adminSetup(FILES);
    for (const digest of ['s1', 's2', 'd1', 'd2', 'x']) setup.journal.texts.set(digest, `text ${digest}`);
    const doc = { kind: 'document', what: 'configs/w.yml.hbs' } as const;
    const { texts } = await textsOf(setup, [
      bootOf([eventOf({ kind: 'script', digest: 's1', at: NOW - 5 }), eventOf({ kind: 'script', digest: 's2' })]),
      bootOf([eventOf({ ...doc, digest: 'd1' }), eventOf({ ...doc, digest: 'd2' })]),
      bootOf([eventOf({ ...doc, digest: 'x', what: 'configs/old.yml' })]),
    ]);
    expect(texts).toMatchObject([
      { title: 'boot script', sentAt: NOW, sent: 'text s2' },
      { title: 'configs/w.yml.hbs', sentAt: NOW, sent: 'text d2', now: '#cloud-config\nhostname: w1\n' },
    ]);
    expect(texts).toHaveLength(2);
  });

  test('is compared for the question that the machine asked, not for the browser’s', async () => {
    const setup = await adminSetup(FILES);
    const facts = factsOf({ mac: MAC, platform: 'efi', hostname: 'h' });
    const origin = originOf('boot.lan:80');
    // With what the machine said, the boot service gives this; so nothing differs.
    const { script } = await setup.preview.script({ facts, origin });
    expect(script).toContain(againUrl(origin, facts));
    setup.journal.texts.set('s', script);
    const boots = [bootOf([eventOf({ kind: 'script', digest: 's' })])];
    expect((await textsOf(setup, boots, { facts, origin })).texts[0]?.now).toBe(script);
    // Rows of older versions do not say what was asked: then it is asked as the browser reaches the server.
    expect((await textsOf(setup, boots)).texts[0]?.now).toContain(`${originOf()}/ipxe?`);
  });

  test('never a private key, so that what was kept and what is now are the same', async () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\n# secret\n# -----END OPENSSH PRIVATE KEY-----\n';
    const { texts } = await textsOf(await adminSetup({ ...FILES, 'configs/w.yml.hbs': `#cloud-config\n# ${key}` }));
    expect(texts[1]?.now).toContain('left out');
    expect(texts[1]?.now).not.toContain('secret');
  });

  test('a text that has aged out, and a document that nobody names any more', async () => {
    const setup = await adminSetup(FILES);
    const { texts } = await textsOf(setup, [
      bootOf([eventOf({ kind: 'script', digest: 'gone' }), eventOf({ kind: 'document', what: 'configs/old.yml' })]),
    ]);
    expect(texts[0]).toMatchObject({ title: 'boot script', sentAt: NOW });
    expect(texts[0]).not.toHaveProperty('sent');
    expect(texts.find(({ title }) => title === 'configs/old.yml')).toEqual({
      title: 'configs/old.yml',
      sentAt: NOW,
      problem: 'it would not be sent now: its profile does not name it',
    });
  });

  test('why there is none', async () => {
    const setup = await adminSetup({
      'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], {
        cloud_config: 'gone',
        local_boot: 'http-404',
        boot: 'local',
      }),
    });
    const { because, texts } = await textsOf(setup);
    expect(because).toContain('boots its own disk');
    expect(texts).toEqual([
      { title: 'boot script', problem: because },
      { title: 'configs/gone', problem: expect.stringContaining('there is no document') as string },
    ]);
  });

  test('a machine that nobody knows is told so', async () => {
    const { because, texts } = await textsOf(await adminSetup({}));
    expect(because).toBe(`no profile names mac ${MAC}, and none is the default`);
    expect(texts).toHaveLength(1);
  });
});

test('a machine that shall be installed: its installer’s own document, too', async () => {
  const setup = await adminSetup({
    'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } }),
    'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz': 'k',
    'images/flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz': 'i',
    'images/flatcar/amd64/4593.2.5/flatcar_production_image.bin.bz2': 'd',
    'images/flatcar/amd64/4593.2.5/flatcar_production_image.bin.bz2.sig': 's',
  });
  const { decision } = await setup.preview.script({ facts: factsOf({ mac: MAC }), origin: originOf() });
  expect(decision.outcome).toBe('install');
  const { texts } = await textsOf(setup);
  expect(texts.find(({ title }) => title === 'profiles/w.json')?.now).toContain('/dev/sda');
});
