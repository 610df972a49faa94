import { tempFolder, type Bench, type Figure } from './harness.ts';
import type { Answering, PoweredOn } from './lan.ts';
import { macOf } from './machine.ts';
import { memory } from './programs.ts';
import { noWire, onLan, openWire, POOL, startOnWire } from './wire.ts';

const MACHINES = 1000;
const WITHIN_MS = 10_000;

function fleet(): Record<string, string> {
  const nodes = Array.from({ length: MACHINES }, (_, i) => ({
    name: `n${i}`,
    mac: macOf(i),
  }));
  return {
    'images/k': 'kernel',
    'images/i': 'initramfs',
    'configs/c.yml': '#cloud-config\n',
    'profiles/p.json': JSON.stringify({ system: 'custom', kernel: 'k', initrd: ['i'], cloud_config: 'c', nodes }),
  };
}

/** The whole server on a LAN of its own: how fast it answers, and whether a power cut's aftermath is too much. */
export const dhcp: Bench = {
  name: 'a LAN of machines: DHCP, TFTP, HTTP',
  missing: noWire,
  async run() {
    using folder = tempFolder(fleet());
    using wire = openWire();
    await using server = await startOnWire(folder.dir, wire);
    const lan = async <T>(...args: readonly string[]): Promise<T> => onLan<T>(wire, 'lan.ts', ...args).result;
    await lan('answering', '200', '1', '200');
    const figures: Figure[] = [];

    const calmly = await lan<Answering>('answering', '1000', '5', '500');
    figures.push(
      {
        what: '1,000 DISCOVERs/s for 5 s: answered',
        value: (100 * calmly.answered) / calmly.asked,
        unit: '%',
        goal: '>= 100',
      },
      { what: '1,000 DISCOVERs/s: p99', value: calmly.p99, unit: 'ms', goal: '<= 20' },
    );

    const before = server.cpu();
    const steady = await lan<Answering>('answering', '2000', '5', '500');
    figures.push(
      {
        what: '2,000 DISCOVERs/s for 5 s: answered',
        value: (100 * steady.answered) / steady.asked,
        unit: '%',
        goal: '>= 99',
      },
      { what: '2,000 DISCOVERs/s: median', value: steady.p50, unit: 'ms' },
      { what: '2,000 DISCOVERs/s: p99', value: steady.p99, unit: 'ms', goal: '<= 20' },
      {
        what: '2,000 DISCOVERs/s: CPU of an answer',
        value: ((server.cpu() - before) / steady.answered) * 1e6,
        unit: 'us',
        goal: '<= 100',
      },
    );

    const calm = memory(server.pid).now;
    const atFlood = server.cpu();
    const flood = await lan<Answering>('answering', '5000', '5', '500');
    figures.push(
      { what: '5,000 DISCOVERs/s of 500 machines: answered', value: flood.answered / 5, unit: '/s', goal: '<= 2400' },
      { what: '5,000 DISCOVERs/s: processor', value: (server.cpu() - atFlood) / 5, unit: 'cores', goal: '<= 1' },
      { what: '5,000 DISCOVERs/s: memory gained', value: memory(server.pid).now - calm, unit: 'MiB', goal: '<= 64' },
    );

    const on = await lan<PoweredOn>('power-on', String(MACHINES), String(WITHIN_MS));
    figures.push(
      { what: '1,000 machines on within 10 s: reached their script', value: on.reached, unit: '', goal: '>= 1000' },
      { what: 'questions answered twice', value: on.twice, unit: '', goal: '<= 0' },
      { what: 'questions asked again', value: on.asksAgain, unit: '' },
      { what: 'boot programs begun again', value: on.again, unit: '' },
      { what: 'power-on to script, median', value: on.p50, unit: 's' },
      { what: 'power-on to script, last', value: on.last, unit: 's' },
    );
    figures.push(...(await withAddresses()));
    return figures;
  },
};

/** The same, and every address comes from us: nothing else gives any. */
async function withAddresses(): Promise<readonly Figure[]> {
  using folder = tempFolder(fleet());
  using wire = openWire();
  await using server = await startOnWire(folder.dir, wire, {
    PILOTLIGHT_DHCP: 'server',
    PILOTLIGHT_DHCP_RANGE: POOL.join('-'),
    // The machines of the bench are one host, which answers to all of these addresses at any time.
    PILOTLIGHT_DHCP_PROBE: 'off',
  });
  // It answers HTTP before it has looked for other DHCP servers.
  for (let answered = 0, tries = 0; answered === 0 && tries < 60; tries += 1)
    ({ answered } = await onLan<Answering>(wire, 'lan.ts', 'answering', '2', '1', '1').result);
  const args = ['power-on', String(MACHINES), String(WITHIN_MS), '1'];
  const { reached, asksAgain, p50, last } = await onLan<PoweredOn>(wire, 'lan.ts', ...args).result;
  const what = (text: string): string => `1,000 machines, addresses from us, on within 10 s: ${text}`;
  return [
    { what: what('address, boot program and script'), value: reached, unit: '', goal: '>= 1000' },
    { what: what('questions asked again'), value: asksAgain, unit: '' },
    { what: what('power-on to script, median'), value: p50, unit: 's' },
    { what: what('last'), value: last, unit: 's' },
    { what: what('CPU of the server'), value: server.cpu(), unit: 's' },
  ];
}
