import { createAccess, type AccessOptions } from '../../src/boot/access.ts';
import { createBootService } from '../../src/boot/answer.ts';
import type { BootService } from '../../src/boot/boot-service.ts';
import type { Incident } from '../../src/boot/incidents.ts';
import type { InstallMarks } from '../../src/machines/claims.ts';
import { createTokenSource } from '../../src/machines/machine-token.ts';
import { type Mac, parseMac } from '../../src/model/machine.ts';
import type { Question } from '../../src/model/plan.ts';
import { createReports } from '../../src/server/reports.ts';
import { WAIT } from '../../src/boot/decide.ts';
import { openSetup } from '../machines/marks.ts';
import type { FolderFiles } from '../support/folder.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

/** The machine, where it boots, and two others of its network. */
export const W1 = '52:54:00:55:1c:ee';
export const AT = '10.0.0.7';
export const D1 = '52:54:00:55:1c:ef';
export const OTHER = '52:54:00:66:66:66';
export const STRANGER = '10.0.0.66';

export const FOLDER: FolderFiles = {
  'images/k': 'kernel',
  'images/i': 'initramfs',
  'configs/s.yml.hbs': '#cloud-config\npassword: {{vars.pw}}\nup: {{report.up_url}}\ndone: {{report.installed_url}}\n',
  'configs/plain.yml': '#cloud-config\n',
  'configs/seed': '#cloud-config\n{}\n',
  'configs/seed.vendor-data': '#cloud-config\npassword: beside\n',
  'profiles/s.json': {
    system: 'custom',
    ...{ kernel: 'k', initrd: ['i'], secrets: true, cloud_config: 's', nocloud: 'seed', vars: { pw: 'geheim' } },
    nodes: [
      { name: 'w1', mac: W1, vars: { pw: 'geheimer' } },
      { name: 'w2', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    ],
  },
  'profiles/d.json': {
    system: 'custom',
    ...{ kernel: 'k', initrd: ['i'], cloud_config: 'plain', install: { disk: '/dev/vda' } },
    nodes: [{ name: 'd1', mac: D1 }],
  },
};

/** A server's boot service over a folder, in a network that the test makes up. */
export async function openAccess(
  files: FolderFiles = FOLDER,
  more: Partial<Pick<AccessOptions, 'isRouted' | 'leasedTo' | 'reports'>> = {},
): Promise<AccessSetup> {
  const { catalog, imageStore } = await contextOf(files);
  const { marks, clock } = await openSetup();
  const network = new Map<string, Mac | undefined>([
    [AT, parseMac(W1)],
    ['10.0.0.8', parseMac(D1)],
    [STRANGER, parseMac(OTHER)],
  ]);
  const incidents: Incident[] = [];
  const access = createAccess({
    tokens: createTokenSource(Buffer.alloc(32, 7)),
    marks,
    macOf: async (address) => Promise.resolve(network.get(address)),
    isRouted: () => false,
    reports: undefined,
    onIncident: (incident) => incidents.push(incident),
    now: () => clock.now,
    ...more,
  });
  const now = (): number => clock.now;
  const bootService = createBootService({ catalog, imageStore, marks, claims: marks, access, now });
  const journal = {
    record: () => undefined,
    status: () => ({ on: true, lost: 0 }),
    flushed: async () => Promise.resolve(),
  };
  const reports = createReports({ catalog, marks, access, journal, unknown: WAIT, now });
  return {
    ...{ bootService, marks, clock, network, incidents, reports },
    said: () => incidents.map(({ text }) => text),
    script: async (mac, asker, extra = {}) => (await bootService.script(question(mac, asker, undefined, extra))).script,
  };
}

export interface AccessSetup {
  readonly bootService: BootService;
  readonly marks: InstallMarks;
  readonly clock: { now: number };
  /** Which card is at an address. */
  readonly network: Map<string, Mac | undefined>;
  readonly incidents: readonly Incident[];
  readonly reports: ReturnType<typeof createReports>;
  readonly said: () => readonly string[];
  readonly script: (mac: string, asker: string, extra?: { readonly uuid?: string }) => Promise<string>;
}

export function question(
  mac: string,
  asker: string,
  token?: string,
  extra: { readonly uuid?: string } = {},
): Question & { readonly asker: string } {
  return { facts: factsOf({ mac, ...extra }), origin: originOf(), asker, ...(token === undefined ? {} : { token }) };
}

/** The token of a script; empty for one without. */
export function tokenIn(text: string): string {
  return /plt-[\w-]{40}/.exec(text)?.[0] ?? '';
}
