import { expect, it } from 'vitest';
import { provisioningFacts } from '../../src/http/provisioning-headers.ts';
import { openHouse } from '../support/http-house.ts';
import { houseOf } from '../support/house.ts';

const FILES = {
  'profiles/k.json': {
    system: 'custom',
    kernel: 'http://192.0.2.1/k',
    kickstart: 'k.ks',
    nodes: [
      { name: 'r1', mac: '52:54:00:00:07:03' },
      { name: 'r2', serial: 'SN 2' },
    ],
  },
  'configs/k.ks.hbs': 'network --hostname={{node.hostname}}\n',
};

async function stand(files: object = FILES) {
  const { desk } = await houseOf(files as typeof FILES);
  const house = await openHouse(desk);
  return {
    events: house.events,
    get: async (path: string, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`http://127.0.0.1:${String(house.port)}${path}`, { headers });
      return { status: answer.status, text: await answer.text() };
    },
  };
}

it('case 04-custom-kickstart-never-reaches: sendmac headers name the machine when the query does not', async () => {
  const { get, events } = await stand();
  const mac = { 'X-RHN-Provisioning-MAC-0': 'eth0 52:54:00:00:07:03' };
  expect(await get('/configs/k.ks', mac)).toEqual({ status: 200, text: 'network --hostname=r1\n' });
  expect(events.at(-1)).toMatchObject({ mac: '52:54:00:00:07:03', decision: { node: 'r1' } });
  // A machine has several cards, and the listed one need not be the first.
  const cards = {
    'x-rhn-provisioning-mac-0': 'lo 00:00:00:00:00:01',
    'X-RHN-Provisioning-MAC-1': 'ens3 5254.0000.0703',
  };
  expect((await get('/configs/k.ks', cards)).text).toBe('network --hostname=r1\n');
  expect((await get('/configs/k.ks', { 'X-System-Serial-Number': 'SN 2' })).text).toBe('network --hostname=r2\n');
  // What the query says counts.
  expect((await get('/configs/k.ks?serial=SN%202', mac)).text).toBe('network --hostname=r2\n');
});

it('names that no profile lists and words that are no MAC are as good as none', async () => {
  const { get } = await stand();
  expect((await get('/configs/k.ks')).status).toBe(400);
  expect((await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'eth0 nonsense' })).status).toBe(400);
  const unknown = await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'eth0 52:54:00:00:00:09' });
  expect(unknown).toMatchObject({ status: 404 });
  expect(unknown.text).toContain('52:54:00:00:00:09');
});

it('the card that a profile lists wins over the default profile', async () => {
  const { get } = await stand({
    ...FILES,
    'profiles/rest.json': { system: 'custom', kernel: 'http://192.0.2.1/k', kickstart: 'k.ks', default: true },
  });
  const cards = {
    'X-RHN-Provisioning-MAC-0': 'a 52:54:00:00:00:09',
    'X-RHN-Provisioning-MAC-1': 'b 52:54:00:00:07:03',
  };
  expect((await get('/configs/k.ks', cards)).text).toBe('network --hostname=r1\n');
  expect((await get('/configs/k.ks', { 'X-RHN-Provisioning-MAC-0': 'a 52:54:00:00:00:09' })).status).toBe(503);
});

it('reads no more headers than a machine has cards', () => {
  const headers = Array.from({ length: 300 }, (_, i) => [
    `X-RHN-Provisioning-MAC-${String(i)}`,
    '52:54:00:00:07:03',
  ]).flat();
  expect(provisioningFacts(headers)).toHaveLength(32);
  expect(provisioningFacts(['Host', 'a', 'X-RHN-Provisioning-MAC-x', '52:54:00:00:07:03'])).toEqual([]);
});
