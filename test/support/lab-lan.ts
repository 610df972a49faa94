import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const top = join(import.meta.dirname, '..', '..');
const script = join(top, 'scripts', 'lab', 'lan.sh');
/** Tests of two checkouts on one computer have LANs of the same names: neither takes down the other's. */
export const CHECKOUT = createHash('sha256').update(top).digest('hex').slice(0, 4);

/** A private Ethernet in network namespaces of its own, shaped like libvirt's default network (scripts/lab/lan.sh). */
export interface Lan extends Disposable {
  /** Where machines are plugged in: taps tap0, tap1 ... of this namespace. */
  readonly gateway: string;
  /** The host for the server under test, at 192.168.122.10. */
  readonly server: string;
  /** One of lan.sh's actions: `run('dhcp', 'plain')`. */
  run(action: string, ...args: readonly string[]): void;
}

/** Sets it up; `short` is 1-8 small letters and digits. Disposing takes everything down, and what runs inside. */
export function setUpLan(short: string, taps: number): Lan {
  const name = short + CHECKOUT;
  const state = mkdtempSync(join(tmpdir(), 'pilotlight-lan-'));
  const run = (action: string, ...args: readonly string[]): void => {
    execFileSync(script, [action, name, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  };
  // What a killed run left behind has the same name.
  run('down');
  run('up', '--taps', String(taps), '--state', state);
  return {
    gateway: `${name}-gw`,
    server: `${name}-srv`,
    run,
    [Symbol.dispose]() {
      run('down');
      rmSync(state, { recursive: true, force: true });
    },
  };
}
