import { Failure } from '../model/failure.ts';
import { openFirmwareShelf } from '../images/firmware.ts';
import type { Settings } from '../settings/settings.ts';
import { checkHouse } from './check.ts';
import { firmwareFolders } from '../server/lan.ts';
import { dataFindings } from './data.ts';
import { findingsAbout, type Finding } from './finding.ts';
import { firewallFindings, type NeededPort } from './firewall.ts';
import { firmwareFindings } from './firmware.ts';
import { offerFindings } from './offers.ts';
import { portFindings } from './ports.ts';
import { PROBES, type Probes } from './probes.ts';
import { addressFindings, announced, home, serverFindings } from './reach.ts';

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
    ...(await dataFindings(async () => await checkHouse(settings))),
    ...(await firmwareFindings(openFirmwareShelf(firmwareFolders(settings)))),
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
