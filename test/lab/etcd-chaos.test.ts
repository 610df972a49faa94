import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { etcdMember, memberEnv, type EtcdMember } from '../support/etcd-member.ts';
import { healthy, members } from '../support/etcdctl.ts';
import { needs } from '../support/needs.ts';

const lab = needs({ commands: ['etcd', 'etcdctl'] });
// Twenty take some three minutes.
const TRIALS = Number(process.env['DISCOVERY_TRIALS'] ?? (process.env['PILOTLIGHT_REQUIRE_ALL'] === '1' ? 20 : 6));
const SIDE_BY_SIDE = 2;
const ATTEMPTS = 5;

/** The same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761;
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    return state % sides;
  };
}

/** As systemd does with Restart=always: another start a second after each exit, over the same folder. */
function keepAlive(member: EtcdMember): () => void {
  let over = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      await member.exited();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (over) return;
      member.start();
    }
  };
  member.start();
  watch().catch((error: unknown) => {
    throw error;
  });
  return () => {
    over = true;
  };
}

/**
 * The cluster must form whatever happens. How many requests there are is the members' affair: on a busy machine the
 * PUT that was to be lost may never come (a kill took its answer, so its member did not send another one). Such a trial
 * shows nothing of that fault, and another one is made. False: a fault did not happen.
 */
async function trial(seed: number, lane: number): Promise<boolean> {
  const roll = dice(seed + 1);
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-chaos-'));
  // A member asks some eight times on a good day.
  const faults = { kills: [2 + roll(4), 6 + roll(4), 10 + roll(5)], lostPut: 1 + roll(3) };
  const ips = [1, 2, 3].map((i) => `127.0.6.${20 + lane * 10 + i}`);
  await using proxy = await startFaultyProxy(`127.0.6.${20 + lane * 10}`, join(folder, 'tokens.db'), faults);
  const url = await (await fetch(`${proxy.url}/discovery/new?size=3`)).text();
  const all = ips.map((ip, i) => {
    const env = memberEnv(`infra${i}`, ip, { ETCD_DISCOVERY: url, ETCD_DISCOVERY_FALLBACK: 'exit' });
    return etcdMember({ name: `infra${i}`, env });
  });
  const ends = all.map(keepAlive);
  try {
    await healthy(ips, 120_000);
    expect(await members(ips[0] ?? '')).toHaveLength(3);
    return proxy.killed === 3 && proxy.lost === 1;
  } finally {
    for (const end of ends) end();
    for (const member of all) await member[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Trials of a seed until one had all its faults. */
async function wholeTrial(seed: number, lane: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) if (await trial(seed + attempt * TRIALS, lane)) return;
  expect.fail(`the faults of trial ${seed} did not happen in ${ATTEMPTS} attempts`);
}

lab.describe('chaos: the server is killed three times, an answer to a PUT is lost, members start again', () => {
  for (let seed = 0; seed < TRIALS; seed += SIDE_BY_SIDE) {
    const seeds = Array.from({ length: Math.min(SIDE_BY_SIDE, TRIALS - seed) }, (_, i) => seed + i);
    lab.test(`the clusters of trials ${seeds.join(' and ')} of ${TRIALS} form`, async () => {
      const trials = await Promise.allSettled(seeds.map(wholeTrial));
      expect(trials.map(({ status, ...more }) => (status === 'fulfilled' ? status : more))).toEqual(
        seeds.map(() => 'fulfilled'),
      );
    });
  }
});
