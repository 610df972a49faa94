import { firmwareFolders } from '../images/firmware.ts';
import { openFirmwareStore } from '../images/firmware.ts';
import { Failure, failureLine, problemLine } from '../model/failure.ts';

import type { Settings } from '../settings/settings.ts';
import { checkData, type CheckReport } from './check.ts';
import { type Finding, findingsAbout } from './finding.ts';
import { firewallFindings, type NeededPort } from './firewall.ts';
import { firmwareFindings } from './firmware.ts';
import { offerFindings } from './offers.ts';
import { portFindings } from './ports.ts';
import { type Probes, PROBES } from './probes.ts';
import { addressFindings, announced, home, serverFindings } from './reach.ts';

const say = findingsAbout('data');
const SHOWN = 5;

/** The data directory, as `pilotlight check` sees it. */
export async function dataFindings(check: () => Promise<CheckReport>): Promise<readonly Finding[]> {
  let report: CheckReport;
  try {
    report = await check();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [say.problem(failureLine(error), 'name the folder with profiles/ in PILOTLIGHT_DATA_DIR')];
  }
  const { profiles, nodes, documents, problems } = report;
  const findings: Finding[] = problems.slice(0, SHOWN).map((problem) => {
    const level = problem.severity === 'error' ? say.problem : say.warning;
    return level(
      problemLine({ ...problem, remedy: '' }).replace(/ \(\)$/, ''),
      problem.remedy ?? 'see `pilotlight check`',
    );
  });
  if (problems.length > SHOWN) {
    const rest = problems.slice(SHOWN);
    const errors = rest.some(({ severity }) => severity === 'error');
    findings.push((errors ? say.problem : say.warning)(`and ${rest.length} more`, 'see `pilotlight check`'));
  }
  if (profiles === 0) findings.push(say.warning('no profile in profiles/', 'copy profiles/seed.json and edit it'));
  else
    findings.unshift(say.ok(`${count(profiles, 'profile')}, ${count(nodes, 'node')}, ${count(documents, 'document')}`));
  return findings;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export interface DoctorReport {
  /** No problem; warnings may be there. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Looks at the whole path from power-on to script, as far as it can be seen from this host. Changes nothing; sends
 * packets to others only with `discover`.
 */
export async function examine(
  settings: Settings,
  options: { readonly discover: boolean },
  probes: Probes = PROBES,
): Promise<DoctorReport> {
  const local = probes.addresses();
  const server = await serverFindings(
    announced(settings, local),
    home(settings),
    async (url) => await probes.health(url),
  );
  const findings = [
    ...(await dataFindings(async () => await checkData(settings))),
    ...(await firmwareFindings(openFirmwareStore(firmwareFolders(settings)))),
    ...addressFindings(settings, local),
    ...server.findings,
    ...(await portFindings(settings, probes, server.serves)),
    ...firewallFindings(await probes.rules(), neededPorts(settings)),
    ...(options.discover ? await askNetworks(settings, probes) : []),
  ];
  return { ok: findings.every(({ level }) => level !== 'problem'), findings };
}

function neededPorts({ http, tftp, dhcp }: Settings): readonly NeededPort[] {
  return [
    { protocol: 'tcp', port: http.port },
    ...(tftp === undefined ? [] : [{ protocol: 'udp', port: tftp.listen.port } as const]),
    ...(dhcp === undefined ? [] : [dhcp.listen.port, 4011].map((port) => ({ protocol: 'udp', port }) as const)),
  ];
}

async function askNetworks(settings: Settings, probes: Probes): Promise<readonly Finding[]> {
  const at = probes.networks();
  const own = new Set(probes.addresses().map(({ address }) => address));
  if (settings.baseUrl !== undefined) own.add(new URL(settings.baseUrl).hostname);
  try {
    return offerFindings(at, await probes.discover(at), own);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const remedy =
      error.code === 'refused' ? 'asking a DHCP server takes port 68: run it as root' : (error.remedy ?? 'try again');
    return [findingsAbout('dhcp').problem(`no DHCP server could be asked: ${error.message}`, remedy)];
  }
}
