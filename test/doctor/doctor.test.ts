import { describe, expect, it } from 'vitest';
import type { Offer } from '../../src/dhcp/discover.ts';
import type { CheckReport } from '../../src/doctor/check.ts';
import { dataDiagnostics, examine } from '../../src/doctor/doctor.ts';
import type { Probes } from '../../src/doctor/probes.ts';
import { Failure, type FileDiagnostic } from '../../src/model/failure.ts';
import { makeFolder } from '../support/folder.ts';
import { originOf, settingsFor } from '../support/app-context.ts';

const CLEAN: CheckReport = { profiles: 1, nodes: 2, documents: 0, rendered: 0, keys: 0, problems: [] };
const problem = (severity: FileDiagnostic['severity'], n = 1): FileDiagnostic => ({
  severity,
  message: `mistake ${n}`,
  place: { file: 'profiles/a.json', line: 3 },
  remedy: 'mend it',
});
const look = async (more: Partial<CheckReport>) => await dataDiagnostics(async () => ({ ...CLEAN, ...more }));

describe('the data directory', () => {
  it('is counted', async () => {
    expect(await look({})).toMatchObject([{ severity: 'ok', message: '1 profile, 2 nodes, 0 documents' }]);
  });

  it('says every mistake with its place and remedy, errors as problems', async () => {
    const [, error, warning] = await look({ problems: [problem('error'), problem('warning')] });
    expect(error).toEqual({
      about: 'data',
      severity: 'error',
      message: 'profiles/a.json:3: mistake 1',
      remedy: 'mend it',
    });
    expect(warning?.severity).toBe('warning');
  });

  it('stops at five, and says how many there are and how bad', async () => {
    const six = [1, 2, 3, 4, 5].map((n) => problem('warning', n));
    const last = (diagnostics: Awaited<ReturnType<typeof look>>) => diagnostics.at(-1);
    expect(last(await look({ problems: [...six, problem('error', 6)] }))).toMatchObject({
      severity: 'error',
      message: 'and 1 more',
    });
    expect(last(await look({ problems: [...six, problem('warning', 6)] }))?.severity).toBe('warning');
    expect(await look({ problems: six })).toHaveLength(6);
  });

  it('without profiles is a warning', async () => {
    expect(await look({ profiles: 0 })).toMatchObject([{ severity: 'warning', message: 'no profile in profiles/' }]);
  });

  it('that cannot be read is a problem; a bug is a bug', async () => {
    const gone = dataDiagnostics(async () => {
      throw new Failure('not-found', 'there is no data directory');
    });
    expect(await gone).toMatchObject([{ severity: 'error', message: 'there is no data directory' }]);
    const bug = dataDiagnostics(async () => {
      throw new TypeError('x');
    });
    await expect(bug).rejects.toThrow(TypeError);
  });
});

const FILES = {
  'profiles/a.json': { system: 'custom', kernel: 'k', default: true },
  'images/k': 'kernel',
  'firmware/undionly.kpxe': 'nbp',
  'firmware/snponly.efi': 'nbp',
  'firmware/ipxe.efi': 'nbp',
};
const NETWORK = { interfaceName: 'eth0', address: '10.0.0.2', mac: '52:54:00:55:1c:ee' };
const OFFER: Offer = {
  interfaceName: 'eth0',
  firmware: 'BIOS',
  server: '10.0.0.1',
  yiaddr: '10.0.0.57',
  nextServer: '10.0.0.2',
  file: 'undionly.kpxe',
  option67: '',
  option43: '',
  vendorClass: '',
};

/** A host on which all is well. */
function world(more: Partial<Probes> = {}): Probes {
  return {
    probe: async () => 'free',
    holder: async () => undefined,
    rights: async () => ({ bindService: true, firstFreePort: 1024 }),
    addresses: () => [
      { interfaceName: 'eth0', address: '10.0.0.2', family: 4, internal: false, netmask: '255.255.255.0' },
    ],
    health: async () => ({ kind: 'pilotlight', status: 'ok', version: '1' }),
    rules: async () => ({ kind: 'none' }),
    withoutLibc: async () => undefined,
    networks: () => [NETWORK],
    discover: async () => [OFFER],
    ...more,
  };
}

const settings = (more = {}) => settingsFor(makeFolder(FILES), { http: { host: '0.0.0.0', port: 4777 }, ...more });

describe('the doctor', () => {
  it('finds nothing where all is well, and has looked at everything', async () => {
    const report = await examine(settings(), { discover: true }, world());
    expect(report.diagnostics.filter(({ severity }) => severity !== 'ok')).toEqual([]);
    expect(report.ok).toBe(true);
    expect(new Set(report.diagnostics.map(({ about }) => about))).toEqual(
      new Set(['data', 'firmware', 'address', 'server', 'ports', 'firewall', 'dhcp']),
    );
  });

  it('says whether libc is called, and why not', async () => {
    const said = async (more: object, probes: Partial<Probes>): Promise<string[]> => {
      const { diagnostics } = await examine(settings(more), { discover: false }, world(probes));
      return diagnostics.flatMap(({ message }) => (/images and files by TFTP/.test(message) ? [message] : []));
    };
    const [called] = await said({}, {});
    expect(called).toContain('are sent by calls of libc');
    const withoutLibc = async (): Promise<string> => 'the optional package koffi is not there';
    expect(await said({}, { withoutLibc })).toEqual([
      expect.stringMatching(/through Node.*: the optional package koffi/),
    ]);
    expect(await said({ native: false }, { withoutLibc })).toEqual([
      expect.stringMatching(/: PILOTLIGHT_NATIVE is off$/),
    ]);
  });

  it('asks no network unless it is told to', async () => {
    let asked = 0;
    const discover = async (): Promise<never[]> => {
      asked += 1;
      return [];
    };
    const report = await examine(settings(), { discover: false }, world({ discover }));
    expect(asked).toBe(0);
    expect(report.diagnostics.map(({ about }) => about)).not.toContain('dhcp');
  });

  it('is not ok with one problem, and ok with warnings', async () => {
    const taken = await examine(settings(), { discover: false }, world({ probe: async () => 'taken' }));
    expect(taken.ok).toBe(true); // by the running server, as far as can be seen
    const gone = world({ probe: async () => 'taken', health: async () => ({ kind: 'silence', reason: 'x' }) });
    expect((await examine(settings(), { discover: false }, gone)).ok).toBe(false);
  });

  it('says that asking takes root', async () => {
    const discover = async (): Promise<never> => {
      throw new Failure('refused', 'UDP port 68 of 255.255.255.255 may not be opened');
    };
    const report = await examine(settings(), { discover: true }, world({ discover }));
    expect(report.ok).toBe(false);
    expect(report.diagnostics.at(-1)).toMatchObject({
      about: 'dhcp',
      remedy: expect.stringContaining('as root') as string,
    });
  });

  it('knows this host by the base URL’s name, too', async () => {
    const discover = async (): Promise<Offer[]> => [
      { ...OFFER, nextServer: '0.0.0.0', file: 'http://boot.lab/boot.ipxe' },
    ];
    const look = async (more: object) => {
      const { diagnostics } = await examine(settings(more), { discover: true }, world({ discover }));
      return diagnostics.filter(({ about, severity }) => about === 'dhcp' && severity !== 'ok').length;
    };
    expect(await look({ baseUrl: originOf('boot.lab') })).toBe(0);
    expect(await look({})).toBe(1);
  });

  it('needs the ports of every server that is on to be open in the firewall', async () => {
    const rules = async () => ({ kind: 'rules', tool: 'iptables', text: '-P INPUT DROP\n' }) as const;
    const dhcp = { listen: { host: '0.0.0.0', port: 67 }, relays: [], localBoot: 'silent' } as const;
    const { diagnostics } = await examine(settings({ dhcp }), { discover: false }, world({ rules }));
    expect(diagnostics.find(({ about }) => about === 'firewall')?.message).toMatch(
      /names 4777\/tcp, 67\/udp, 4011\/udp$/,
    );
  });
});
