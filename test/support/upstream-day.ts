import { expect } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { ReleaseSpec } from '../../src/model/release.ts';
import { obtainRelease, type Published } from '../../src/releases/obtain.ts';
import type { ReleasePorts } from '../../src/releases/ports.ts';
import { resolveRelease } from '../../src/releases/resolve.ts';
import { SYSTEMS } from '../../src/os/systems.ts';
import type { Vendor } from './openpgp-vendor.ts';
import { type Bench, makeBench } from './upstream-ports.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from './upstream-releases.ts';
import { Upstream } from './upstream-server.ts';

export const VERSION = '4593.2.5';
export const KERNEL = `${flatcarFolder(VERSION)}/${FLATCAR.kernel}`;
export const INITRD = `${flatcarFolder(VERSION)}/${FLATCAR.initrd}`;
export const POINTER = '/flatcar/stable/amd64-usr/current/version.txt';

/** A day on which Flatcar publishes a release, and something goes wrong. */
export interface Day {
  readonly upstream: Upstream;
  /** Another server on this machine, which none may be led to. */
  readonly canary: Upstream;
  readonly bench: Bench;
  sync(ports?: ReleasePorts): Promise<Published>;
  /** What the publisher offers. */
  look(): Promise<ReleaseSpec>;
  /** What the operator reads. Nothing of the release is visible then, and no path of the host is named. */
  report(ports?: ReleasePorts): Promise<string>;
  /** The day is over: the next run publishes the whole release. */
  heals(): Promise<void>;
  end(): Promise<void>;
}

export async function beginDay(vendor: Vendor): Promise<Day> {
  const [upstream, canary] = [new Upstream(), new Upstream()];
  await upstream.start();
  await canary.start('127.0.0.2');
  const bench = await makeBench(upstream);
  await bench.trust('flatcar', vendor);
  serveFlatcar({ upstream, vendor }, VERSION);

  async function look(ports: ReleasePorts = bench.ports): Promise<ReleaseSpec> {
    const mirror = upstream.url('/flatcar');
    const pinned = [vendor.primary.fingerprint];
    const step = SYSTEMS.flatcar.start({ channel: 'stable', arch: 'amd64', install: false, mirror, pinned });
    return resolveRelease('flatcar', step, ports);
  }

  async function sync(ports: ReleasePorts = bench.ports): Promise<Published> {
    return obtainRelease(await look(ports), ports);
  }

  return {
    upstream,
    canary,
    bench,
    sync,
    look,
    async report(ports) {
      const failure: unknown = await sync(ports).then(
        () => expect.fail('was published'),
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Failure);
      expect(await bench.visible()).toEqual([]);
      const text = (failure as Failure).message;
      expect(text).not.toContain(bench.dir);
      return text;
    },
    async heals() {
      upstream.heal();
      expect((await sync()).outcome).toBe('published');
      expect(await bench.visible()).toHaveLength(4);
    },
    async end() {
      expect(canary.requests).toEqual([]);
      await Promise.all([upstream.stop(), canary.stop(), bench.remove()]);
      upstream.check();
    },
  };
}
