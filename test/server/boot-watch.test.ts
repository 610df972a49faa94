import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBootWatch } from '../../src/server/boot-watch.ts';
import { SILENT } from '../../src/model/log.ts';
import { houseOf } from '../support/house.ts';

it('writes down the releases that machines were told to boot, and nothing else', async () => {
  const house = await houseOf({
    'profiles/a.json': { system: 'flatcar', version: '1.2.3' },
    'profiles/b.json': { system: 'flatcar', version: '4.5.6' },
    'profiles/disk.json': { system: 'flatcar', version: '7.8.9', ignition: 'd.ign', install: { disk: '/dev/sda' } },
    'profiles/own.json': { system: 'custom', kernel: 'own/1/vmlinuz', initrd: ['http://x/initrd', 'own/2/initrd'] },
  });
  const watch = createBootWatch(house, SILENT);
  await watch.start();
  const because = 'test';
  watch.answered({ decision: { outcome: 'boot', profile: 'a', because } });
  watch.answered({ decision: { outcome: 'waiting', profile: 'b', because } });
  watch.answered({ decision: { outcome: 'install', profile: 'disk', because } });
  watch.answered({ decision: { outcome: 'boot', profile: 'own', because } });
  watch.answered({ decision: { outcome: 'boot', profile: 'gone', because } });
  watch.answered({ decision: undefined });
  await watch.stop(AbortSignal.abort());
  const times = JSON.parse(readFileSync(join(house.dir, 'state/booted.json'), 'utf8')) as object;
  expect(Object.keys(times).sort()).toEqual(['flatcar/amd64/1.2.3', 'flatcar/amd64/7.8.9', 'own/1', 'own/2']);
});
