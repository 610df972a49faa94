import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type Place } from '../model/failure.ts';
import type { Mac } from '../model/machine.ts';
import {
  type Power,
  POWER_ACTIONS,
  type PowerAction,
  powerDone,
  type PowerDriver,
  type PowerOutcome,
} from '../model/power.ts';
import type { Node, Profile } from '../model/profile.ts';
import { KeyedMutex } from '../model/service.ts';
import { ipmiDriver } from './ipmi.ts';
import { commandDriver, runProgram, type RunProgram } from './program.ts';
import { redfishDriver } from './redfish.ts';
import { wakeDriver } from './wake-on-lan.ts';
import { webHookDriver } from './web.ts';
import type { SecretReader, SecretRef } from '../model/secret.ts';

/** A node, and the profile whose file says how it is switched. */
export interface PoweredNode {
  readonly profile: Profile;
  readonly node: Node;
}

/** Turns machines on and off. Throws Failure that names the place in the profile; a secret is in none of its texts. */
export interface PowerControl {
  /** By what it is switched, and what can be done. */
  about(machine: PoweredNode): { readonly by: string; readonly does: readonly PowerAction[] };
  act(machine: PoweredNode, action: PowerAction): Promise<PowerOutcome>;
  /** Lets the next boot come from the network. False: this way to switch it cannot, its own boot order decides. */
  bootFromNetwork(machine: PoweredNode): Promise<boolean>;
}

export interface PowerOptions {
  readonly secrets: SecretReader;
  /** The programs that profiles may run: absolute paths. */
  readonly allowed: readonly string[];
  readonly run?: RunProgram;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** From the beginning of an action to its end; below what a client of the API waits for. */
const TIMEOUT_MS = 25_000;
/** A power supply holds its voltage for a moment: a shorter pause is no interruption to many boards. */
const PAUSE_MS = 5000;
/** More that wait for one controller are turned away: it would do them when they are no longer wanted. */
const MOST_WAITING = 16;

export function createPower({ secrets, allowed, run = runProgram, wait = pause }: PowerOptions): PowerControl {
  const turns = new KeyedMutex();
  const waiting = new Map<string, number>();

  /** One at a time for each controller: BMCs freeze when they are asked twice at once. */
  async function inTurn<T>(
    { node, profile }: PoweredNode,
    work: (driver: PowerDriver, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const place = { file: profile.file, key: `nodes[${profile.nodes.indexOf(node)}].power` };
    if (node.power === undefined) throw noPower(node, profile);
    // What a program or a device says may repeat what it was given.
    const read = new Set<string>();
    const secret = async (ref: SecretRef): Promise<string> => {
      const value = await secrets.read(ref);
      read.add(value);
      return value;
    };
    const driver = driverFor(node, node.power as object as Power, { secret, wait, run, allowed });
    const count = waiting.get(driver.controller) ?? 0;
    if (count >= MOST_WAITING)
      throw new Failure('unavailable', `too many commands wait for ${driver.controller}`, { place });
    waiting.set(driver.controller, count + 1);
    try {
      return await turns.run(driver.controller, async () => {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        return await work(driver, signal).catch((error: unknown) => {
          throw withPlace(error, place, { driver, signal, read });
        });
      });
    } finally {
      const left = (waiting.get(driver.controller) ?? 1) - 1;
      if (left === 0) waiting.delete(driver.controller);
      else waiting.set(driver.controller, left);
    }
  }

  return {
    about({ node, profile }) {
      if (node.power === undefined) throw noPower(node, profile);
      const { by, does } = driverFor(node, node.power as object as Power, {
        secret: (ref) => secrets.read(ref),
        wait,
        run,
        allowed,
      });
      return { by, does: POWER_ACTIONS.filter((action) => can(does, action)) };
    },
    act: (machine, action) =>
      inTurn(machine, async (driver, signal) => {
        if (!can(driver.does, action)) throw cannot(driver, action);
        if (driver.does.includes(action)) return await driver.act(action, signal);
        await driver.act('off', signal);
        await wait(PAUSE_MS, signal);
        await driver.act('on', signal);
        return powerDone('cycle', driver.by);
      }),
    bootFromNetwork: (machine) =>
      inTurn(machine, async (driver, signal) => {
        await driver.bootFromNetwork?.(signal);
        return driver.bootFromNetwork !== undefined;
      }),
  };
}

function driverFor(node: Node, power: Power, world: DriverWorld): PowerDriver {
  const { secret, wait, run, allowed } = world;
  if ('ipmi' in power) return ipmiDriver(power.ipmi, run, () => secret(power.ipmi.password));
  if ('redfish' in power) return redfishDriver(power.redfish, () => secret(power.redfish.password), wait);
  if ('wol' in power) {
    const { secureon } = power.wol;
    return wakeDriver(power.wol, node, async () => (secureon === undefined ? undefined : await secret(secureon)));
  }
  const controller = `node ${node.name}`;
  if ('http' in power) return webHookDriver(power.http, secret, controller);
  return commandDriver(power.command, { run, allowed, controller, env: environmentOf(node) });
}

interface DriverWorld {
  readonly secret: (ref: SecretRef) => Promise<string>;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly run: RunProgram;
  readonly allowed: readonly string[];
}

/** What a program of the operator's may want to know. */
function environmentOf({ name, mac, ip }: { readonly name: string; readonly mac?: Mac; readonly ip?: string }) {
  return { NODE_NAME: name, NODE_MAC: mac ?? '', NODE_IP: ip ?? '' };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

interface Attempt {
  readonly driver: PowerDriver;
  readonly signal: AbortSignal;
  readonly read: ReadonlySet<string>;
}

/** The failure with its place in the profile, and without the secrets that were read. */
function withPlace(error: unknown, place: Place, { driver, signal, read }: Attempt): unknown {
  if (!(error instanceof Failure)) {
    if (!signal.aborted) return error;
    const message = `${driver.controller} has not done it within ${TIMEOUT_MS / 1000} s`;
    return new Failure('unavailable', message, { place, cause: error });
  }
  const hide = (text: string): string => [...read].reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const { code, message, remedy } = error;
  return new Failure(code, hide(message), { place: error.place ?? place, remedy: remedy && hide(remedy) });
}

/** What knows no cycle of its own is switched off and on. */
function can(does: readonly PowerAction[], action: PowerAction): boolean {
  return does.includes(action) || (action === 'cycle' && does.includes('on') && does.includes('off'));
}

function noPower(node: Node, { file }: Pick<Profile, 'file'>): Failure {
  return new Failure('conflict', `${file} does not say how ${node.name} is switched on and off`, {
    remedy: 'add "power" to the node: docs/power.md has the ways',
  });
}

function cannot({ by, does }: PowerDriver, action: PowerAction): Failure {
  return new Failure(
    'conflict',
    `${by} cannot ${action === 'status' ? 'tell the power' : `switch ${action === 'cycle' ? 'off and on' : action}`} here`,
    {
      remedy:
        does.length === 1 && does[0] === 'on'
          ? 'it only switches on; docs/power.md has other ways'
          : `add "${action}" to it`,
    },
  );
}
