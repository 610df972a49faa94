// Run by bench/dhcp.ts inside of a network namespace, as the machines of a LAN: prints its figures as JSON.
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { addressOf, fetchProgram, FIRMWARE, IPXE, macOf, Port68, quantile } from './machine.ts';
import { SERVER } from './wire.ts';

export interface Answering {
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds from each DISCOVER to its OFFER. */
  readonly p50: number;
  readonly p99: number;
}

export interface PoweredOn {
  readonly machines: number;
  /** With its own script. */
  readonly reached: number;
  /** Answers to a question that was answered already. */
  readonly twice: number;
  readonly asksAgain: number;
  /** Boot programs whose transfer was begun again. */
  readonly again: number;
  /** Seconds from power-on to the script. */
  readonly p50: number;
  readonly last: number;
}

async function answering(perSecond: number, seconds: number, macs: number): Promise<Answering> {
  const lan = await new Port68().open();
  const times: number[] = [];
  const asks: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    for (const due = ((performance.now() - began) / 1000) * perSecond; sent < due; sent += 1) {
      const at = performance.now();
      const ask = lan.ask(macOf(sent % macs), FIRMWARE, 3000).then((packet) => {
        if (packet !== undefined) times.push(performance.now() - at);
      });
      asks.push(ask);
    }
    await wait(1);
  }
  await Promise.all(asks);
  lan.socket.close();
  return { asked: asks.length, answered: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function get(url: string, localAddress: string): Promise<string> {
  const sent = request(url, { localAddress, agent: false, headers: { 'user-agent': 'iPXE/1.21.1' } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** `isServer`: their addresses come from the same server, too. */
async function poweredOn(machines: number, withinMs: number, isServer: boolean): Promise<PoweredOn> {
  const lan = await new Port68().open();
  const times: number[] = [];
  let begun = 0;

  const machine = async (i: number): Promise<void> => {
    const mac = macOf(i);
    await wait((withinMs / machines) * i);
    const began = performance.now();
    const told = isServer ? await lan.take(mac, FIRMWARE) : await lan.insist(mac, FIRMWARE);
    const from = isServer ? told.yiaddr : addressOf(i);
    const tries = await fetchProgram(from, told);
    begun += tries;
    const { file, yiaddr } = isServer ? await lan.take(mac, IPXE) : await lan.insist(mac, IPXE);
    if (isServer && yiaddr !== from) throw new Error(`${mac}: ${from} became ${yiaddr}`);
    const start = await get(file, from);
    const chain = /\/ipxe\?/.test(start) && file.startsWith(`http://${SERVER}`);
    const script = await get(`${new URL('/ipxe', file).href}?mac=${mac}&platform=pcbios`, from);
    if (chain && script.startsWith('#!ipxe') && script.includes(`mac=${mac.replaceAll(':', '-')}`)) {
      times.push((performance.now() - began) / 1000);
    }
  };
  await Promise.all(Array.from({ length: machines }, async (_, i) => machine(i)));
  lan.socket.close();
  const { twice, asksAgain } = lan;
  const again = begun - machines;
  return {
    machines,
    reached: times.length,
    twice,
    asksAgain,
    again,
    p50: quantile(times, 0.5),
    last: quantile(times, 1),
  };
}

const [mode, ...numbers] = process.argv.slice(2);
const [a = 0, b = 0, c = 0] = numbers.map(Number);
if (mode === 'answering') console.log(JSON.stringify(await answering(a, b, c)));
if (mode === 'power-on') console.log(JSON.stringify(await poweredOn(a, b, c === 1)));
