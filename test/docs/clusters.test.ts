import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ETCD_HELPERS } from '../../src/templates/etcd-helpers.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const top = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(top, 'docs', 'clusters.md'), 'utf8');
const profile = /```json profiles\/etcd\.json\n([^]*?)```/.exec(page)?.[1] ?? '';
const configs = Object.fromEntries(
  ['configs/etcd.ign.hbs', 'configs/etcd-cloud-config.yml.hbs'].map((file) => [
    file,
    readFileSync(join(top, file), 'utf8'),
  ]),
);

it.each([
  ['the profile', profile],
  ['by cloud-config', profile.replace('"ignition": "etcd.ign"', '"cloud_config": "etcd-cloud-config"')],
  ['by discovery', profile.replace('{ "name": "lab" }', '{ "name": "lab", "size": 3, "mode": "discovery" }')],
])('%s is right', async (_, text) => {
  const { catalog } = await contextOf({ 'profiles/etcd.json': text, ...configs });
  expect(catalog.current().problems).toEqual([]);
  expect(catalog.current().profiles.size).toBe(1);
});

it('what the commands boot is what the page says', async () => {
  const { bootService } = await contextOf({ 'profiles/etcd.json': profile, ...configs });
  const question = { facts: factsOf({ mac: '52:54:00:00:00:10' }), origin: originOf() };
  const { body } = await bootService.documentOf('ignition', question);
  expect(body.toString()).toContain('/dev/sdb');
});

it('without a server a machine whose template needs the URL waits, and no file is to blame', async () => {
  const text = profile.replace('{ "name": "lab" }', '{ "name": "lab", "mode": "discovery" }');
  const { bootService } = await contextOf({ 'profiles/etcd.json': text, ...configs });
  const question = { facts: factsOf({ mac: '52:54:00:00:00:10' }), origin: originOf() };
  await expect(bootService.documentOf('ignition', question)).rejects.toMatchObject({ code: 'unavailable' });
});

it('every helper is on the page', () => {
  for (const [name] of ETCD_HELPERS) expect(page).toContain(`\`${name} cluster`);
});
