import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openContext } from '../../src/context/app-context.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { SILENT } from '../../src/model/service.ts';
import { beginning } from '../../src/rollouts/rollout-actions.ts';
import { changeRollouts } from '../../src/rollouts/rollout-file.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { macOf, NEW, nodes, OLD, rolloutFolder } from '../support/rollout-setup.ts';
import { serveChild } from '../support/served.ts';

const IMAGES = ['flatcar_production_pxe.vmlinuz', 'flatcar_production_pxe_image.cpio.gz'];

/** A machine that boots over HTTP as iPXE does, from an address of its own. */
function machineAt(port: number, name: string) {
  const number = Number(name.slice(1));
  const mac = macOf(number);
  const ask = async (path: string, method = 'GET'): Promise<{ status: number | undefined; text: string }> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, localAddress: `127.0.1.${number}` };
      const sent = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => (text += piece));
        answer.on('end', () => {
          resolve({ status: answer.statusCode, text });
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  return {
    async script(): Promise<string> {
      return (await ask(`/ipxe?mac=${mac}`)).text.includes(`/${NEW}/`) ? NEW : OLD;
    },
    async fetchImages(): Promise<void> {
      for (const file of IMAGES) await ask(`/images/flatcar/amd64/${NEW}/${file}`);
    },
    up: async () => (await ask(`/phone-home/${mac}`, 'POST')).status,
  };
}

const waitUntil = async (isSo: () => boolean | Promise<boolean>): Promise<unknown> =>
  vi.waitUntil(isSo, { timeout: 30_000, interval: 100 });

it('kill -9 in the middle of a bad release: what failed is known, it is rolled back, 27 of 30 never got it', async () => {
  const dir = makeFolder(rolloutFolder());
  const { files, catalog } = await openContext(settingsFor(dir), SILENT);
  const profile = (await catalog.refresh()).profiles.get('w');
  if (profile === undefined) throw new Error('no profile w');
  await changeRollouts(files, (all) => beginning(all, profile, NEW, Date.now()).rollouts);
  const state = (): Rollout => (JSON.parse(readFileSync(join(dir, 'state/rollouts.json'), 'utf8')) as { w: Rollout }).w;
  const got = new Map<string, string>();
  const names = nodes(30).map(({ name }) => name);

  const first = serveChild(dir);
  const port = await first.port;
  for (const name of names) got.set(name, await machineAt(port, name).script());
  expect(await machineAt(port, 'w1').up()).toBe(200);
  await machineAt(port, 'w2').fetchImages();
  await waitUntil(() => state().machines['w2']?.begun === true);
  // What is repeated within a second is answered without a question.
  await waitUntil(async () => {
    await machineAt(port, 'w2').script();
    return state().machines['w2']?.failed !== undefined;
  });
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  expect(state()).toMatchObject({ state: 'running', machines: { w1: {}, w2: {}, w3: {} } });
  expect(state().machines['w1']?.up).toBeDefined();

  const second = await serveChild(dir).port;
  expect(await machineAt(second, 'w3').script()).toBe(NEW);
  await machineAt(second, 'w3').fetchImages();
  await waitUntil(() => state().machines['w3']?.begun === true);
  await waitUntil(async () => (await machineAt(second, 'w3').script()) === OLD);
  expect(state()).toMatchObject({ state: 'rolled-back', unheld: true });
  for (const name of names) expect(await machineAt(second, name).script()).toBe(OLD);
  expect([...got].filter(([, version]) => version === NEW).map(([name]) => name)).toEqual(['w1', 'w2', 'w3']);
  expect((JSON.parse(readFileSync(join(dir, 'profiles/w.json'), 'utf8')) as { version: string }).version).toBe(OLD);
});
