import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'lab', 'lan.sh');

/** A private Ethernet in network namespaces of its own, shaped like libvirt's default network (scripts/lab/lan.sh). */
export interface Lan extends Disposable {
  /** Where machines are plugged in: taps tap0, tap1 ... of this namespace. */
  readonly gateway: string;
  /** The host for the server under test, at 192.168.122.10. */
  readonly server: string;
  /** One of lan.sh's actions: `run('dhcp', 'plain')`. */
  run(action: string, ...args: readonly string[]): void;
}

/** Sets it up; `name` is 1-8 small letters and digits. Disposing takes everything down, and what runs inside. */
export function setUpLan(name: string, taps: number): Lan {
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
