import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ConsoleReport, readConsole } from './lab-console.ts';

const top = join(import.meta.dirname, '..', '..');
const logs = join(top, '.cache', 'lab', 'logs');
const bootvm = join(top, 'scripts', 'lab', 'bootvm.sh');

/** A virtual machine to boot over the network; what is left out is bootvm.sh's default. */
export interface MachineOptions {
  /** Names the log: .cache/lab/logs/NAME.log. */
  readonly name: string;
  /** What DHCP hands the machine's iPXE on QEMU's user network; at most 127 bytes. */
  readonly url?: string;
  /** A port of a LAN (scripts/lab/lan.sh), instead of the user network. */
  readonly lan?: { readonly netns: string; readonly tap: string };
  readonly mac: string;
  /** The address of a first network card, which has no cable. */
  readonly unplugged?: string;
  readonly uuid?: string;
  /** `-sb`: Secure Boot is on, with Microsoft's keys. */
  readonly firmware?: 'bios' | 'uefi' | 'uefi-arm64' | 'uefi-arm64-sb' | 'uefi-sb';
  /** Which network boots the UEFI firmware tries: bootvm.sh's default is PXE alone. */
  readonly netboot?: 'pxe' | 'http' | 'pxe6' | 'http6' | 'any';
  /** A file to start instead of the card's ROM, such as ipxe.lkrn, and its command line. */
  readonly kernel?: string;
  readonly append?: string;
  /** A boot ROM of the network card instead of its own; `none` leaves the firmware's own client. */
  readonly rom?: string;
  /** What ends the run well (grep -E); the default is the payload's BOOT-OK. */
  readonly expect?: string;
  /** What ends it badly (grep -E), in place of bootvm.sh's list: firmware that gives up, a kernel that panics. */
  readonly fail?: string;
  readonly timeoutSeconds?: number;
  readonly qemu?: readonly string[];
}

/** What became of it. */
export interface MachineRun extends ConsoleReport {
  readonly seconds: number;
}

/** A machine that is on: watch its console, wait for its end, or pull the plug. */
export interface Machine extends AsyncDisposable {
  /** Resolves when the console matches; rejects when the machine ends first. */
  until(pattern: RegExp): Promise<void>;
  /** Resolves when the expected line came; rejects with the end of the console otherwise. */
  done(): Promise<MachineRun>;
}

/** Switches a machine on and waits until it has booted. */
export async function bootMachine(options: MachineOptions): Promise<MachineRun> {
  await using machine = startMachine(options);
  return await machine.done();
}

export function startMachine(options: MachineOptions): Machine {
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${options.name}.log`);
  // Emptied here already: what an earlier run left must not answer `until`.
  writeFileSync(log, '');
  const began = performance.now();
  const child = spawn(bootvm, argsOf(options, log), { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  let over = false;
  const ended = once(child, 'close').then(([code]) => {
    over = true;
    return code as number | null;
  });
  const failure = (what: string): Error =>
    new Error(`${options.name}: ${what}\n${Buffer.concat(said).toString()}\n${tail(log)}`);

  return {
    async until(pattern) {
      while (!pattern.test(readConsole(readFileSync(log)).text)) {
        if (over) throw failure(`ended before ${String(pattern)}`);
        await wait(100);
      }
    },
    async done() {
      const code = await ended;
      if (code !== 0) throw failure(`bootvm.sh gave ${String(code)}`);
      return { ...readConsole(readFileSync(log)), seconds: (performance.now() - began) / 1000 };
    },
    async [Symbol.asyncDispose]() {
      if (!over) child.kill('SIGTERM');
      await ended;
    },
  };
}

function argsOf(options: MachineOptions, log: string): readonly string[] {
  const { name, url, lan, mac, uuid, firmware = 'bios', rom, expect, timeoutSeconds = 400, qemu = [] } = options;
  const { netboot, kernel, append, fail, unplugged } = options;
  return [
    ...['--name', name, '--log', log, '--mac', mac, '--firmware', firmware, '--timeout', String(timeoutSeconds)],
    ...(url === undefined ? [] : ['--url', url]),
    ...(lan === undefined ? [] : ['--netns', lan.netns, '--tap', lan.tap]),
    ...(unplugged === undefined ? [] : ['--unplugged', unplugged]),
    ...(uuid === undefined ? [] : ['--uuid', uuid]),
    ...(rom === undefined ? [] : ['--rom', rom]),
    ...(netboot === undefined ? [] : ['--netboot', netboot]),
    ...(kernel === undefined ? [] : ['--kernel', kernel]),
    ...(append === undefined ? [] : ['--append', append]),
    ...(expect === undefined ? [] : ['--expect', expect]),
    ...(fail === undefined ? [] : ['--fail', fail]),
    ...(qemu.length === 0 ? [] : ['--', ...qemu]),
  ];
}

function tail(log: string): string {
  return readConsole(readFileSync(log)).text.trimEnd().split('\n').slice(-30).join('\n');
}
