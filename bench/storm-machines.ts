// Run by bench/storm.ts inside of a network namespace: all machines of a power cut's aftermath, or one that only asks for
// scripts meanwhile. Prints its figures as JSON.
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from './connection.ts';
import { addressOf, fetchProgram, FIRMWARE, IPXE, macOf, Port68, quantile } from './machine.ts';
import { SERVER } from './wire.ts';

export interface Storm {
  /** Machines that went through all steps. */
  readonly up: number;
  /** Machines that got their own disk after they had reported. */
  readonly ownDisk: number;
  /** What went wrong, the first of it. */
  readonly faults: readonly string[];
  readonly dhcpAsksAgain: number;
  readonly programsAgain: number;
  /** Boots that failed somewhere and were begun again from power-on. */
  readonly restarts: number;
  /** Milliseconds until the installer's script had come, which is on the server's disk before it leaves. */
  readonly script: { readonly p50: number; readonly p99: number };
  /** Seconds from power-on to up. */
  readonly whole: { readonly p50: number; readonly last: number };
  /** This process's own CPU seconds: it shares the machine with the server. */
  readonly cpu: number;
}

export interface Probe {
  readonly asked: number;
  /** Questions that got no answer. */
  readonly faults: number;
  readonly p50: number;
  readonly p99: number;
}

const KERNEL = 2 ** 20;
const INITRD = 4 * 2 ** 20;
const GIVE_UP_MS = 9 * 60_000;

async function storm(machines: number, withinMs: number): Promise<Storm> {
  const lan = await new Port68().open();
  const scripts: number[] = [];
  const wholes: number[] = [];
  const faults: string[] = [];
  let ownDisk = 0;
  let programsAgain = 0;
  let restarts = 0;

  /** From power-on to up; throws where firmware would give up. */
  const boot = async (i: number): Promise<void> => {
    const mac = macOf(i);
    const told = await lan.insist(mac, FIRMWARE);
    const tries = await fetchProgram(addressOf(i), told);
    programsAgain += tries - 1;
    const { file } = await lan.insist(mac, IPXE);
    await using http = await Connection.open(SERVER, 4777, addressOf(i));
    const start = await http.text('GET', new URL(file).pathname);
    if (!start.includes('/ipxe?')) throw new Error(`not the start script: ${start}`);
    const path = `/ipxe?mac=${mac}&platform=pcbios`;
    const asked = performance.now();
    let script = await http.text('GET', path);
    scripts.push(performance.now() - asked);
    // It began and was cut off: its screen tells it to wait, and to ask again.
    for (; !/^kernel /m.test(script); script = await http.text('GET', path)) await wait(5000);
    const [, kernel = ''] = /^kernel .*?(\/images\/\S+)/m.exec(script) ?? [];
    const [, initrd = ''] = /^initrd .*?(\/images\/\S+)/m.exec(script) ?? [];
    const [, document = ''] = /cloud-config-url=http:\/\/[^/\s]+(\/\S+)/.exec(script) ?? [];
    if ((await http.length('GET', kernel)) !== KERNEL) throw new Error(`not the kernel of: ${script}`);
    if ((await http.length('GET', initrd)) !== INITRD) throw new Error('not the initrd');
    const said = await http.text('GET', document);
    const [, installed = ''] = /installed http:\/\/[^/\s]+(\/\S+)/.exec(said) ?? [];
    const [, up = ''] = /up http:\/\/[^/\s]+(\/\S+)/.exec(said) ?? [];
    await http.text('POST', installed);
    const second = await http.text('GET', path);
    if (second.startsWith('#!ipxe') && !/^(kernel|initrd) /m.test(second)) ownDisk += 1;
    else faults.push(`${mac}: a second installer`);
    await http.text('POST', up);
  };

  const giveUp = performance.now() + GIVE_UP_MS;
  const machine = async (i: number): Promise<void> => {
    await wait((withinMs / machines) * i);
    const began = performance.now();
    // As a machine without an operating system does: again and again.
    for (;;) {
      const fault = await boot(i).then(
        () => undefined,
        (error: unknown) => `${macOf(i)}: ${String(error)}`,
      );
      if (fault === undefined) break;
      restarts += 1;
      if (performance.now() < giveUp) continue;
      faults.push(fault);
      return;
    }
    wholes.push((performance.now() - began) / 1000);
  };
  await Promise.all(Array.from({ length: machines }, async (_, i) => machine(i)));
  lan.socket.close();
  const { user, system } = process.cpuUsage();
  return {
    up: wholes.length,
    ownDisk,
    faults: faults.slice(0, 5),
    dhcpAsksAgain: lan.asksAgain,
    programsAgain,
    restarts,
    script: { p50: quantile(scripts, 0.5), p99: quantile(scripts, 0.99) },
    whole: { p50: quantile(wholes, 0.5), last: quantile(wholes, 1) },
    cpu: (user + system) / 1e6,
  };
}

/**
 * A machine that boots no installer asks 50 times a second, until its input ends: what a script takes while images flow.
 * Where the server has hung up (this process may have slept for long) it connects anew, and that time counts.
 */
async function probe(mac: string): Promise<Probe> {
  let http = await Connection.open(SERVER, 4777, '10.77.0.2');
  const times: number[] = [];
  let faults = 0;
  process.stdin.resume();
  for (let next = performance.now(); !process.stdin.readableEnded; next += 20) {
    await wait(Math.max(0, next - performance.now()));
    const asked = performance.now();
    try {
      await http.text('GET', `/ipxe?mac=${mac}&platform=pcbios`);
    } catch (error) {
      faults += 1;
      if (faults > 100) throw error;
      http = await Connection.open(SERVER, 4777, '10.77.0.2');
      continue;
    } finally {
      times.push(performance.now() - asked);
    }
  }
  await http[Symbol.asyncDispose]();
  return { asked: times.length, faults, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

const [mode, first = '', second = ''] = process.argv.slice(2);
if (mode === 'storm') console.log(JSON.stringify(await storm(Number(first), Number(second))));
if (mode === 'probe') console.log(JSON.stringify(await probe(first)));
