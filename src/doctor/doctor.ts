import { addressPoolDiagnostics, servedSubnets } from './addresses.ts';
import { firmwareFolders } from '../images/boot-program-table.ts';
import { openFirmwareStore } from '../images/firmware.ts';
import { diagnosticsAbout, Failure, failureLine, type HostDiagnostic, isError, problemLine } from '../model/failure.ts';
import type { Settings } from '../settings/settings.ts';
import { checkData, type CheckReport } from './check.ts';
import { firewallDiagnostics, type NeededPort } from './firewall.ts';
import { firmwareDiagnostics, programNeeds } from './boot-programs.ts';
import { offerDiagnostics } from './offers.ts';
import { hasDhcpv4, hasDhcpv6, portDiagnostics } from './ports.ts';
import { type Probes, PROBES } from './probes.ts';
import { addressDiagnostics, announced, home, serverDiagnostics } from './reach.ts';

export interface DoctorReport {
  /** No problem; warnings may be there. */
  readonly ok: boolean;
  readonly diagnostics: readonly HostDiagnostic[];
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
  const server = await serverDiagnostics(
    announced(settings, local),
    home(settings),
    async (url) => await probes.health(url),
  );
  const diagnostics = [
    ...(await dataDiagnostics(async () => await checkData(settings))),
    ...(await firmwareDiagnostics(openFirmwareStore(firmwareFolders(settings)), await programNeeds(settings))),
    ...addressDiagnostics(settings, local),
    ...server.diagnostics,
    sendingDiagnostic(settings.native === false ? 'PILOTLIGHT_NATIVE is off' : await probes.withoutLibc()),
    ...(await portDiagnostics(settings, probes, server.serves)),
    ...firewallDiagnostics(await probes.rules(), neededPorts(settings)),
    ...(await addressPoolDiagnostics(settings, local, Date.now())),
    ...(options.discover ? await askNetworks(settings, probes) : []),
  ];
  return { ok: diagnostics.every(({ severity }) => severity !== 'error'), diagnostics };
}

const data = diagnosticsAbout('data');
const SHOWN = 5;
const SEE_CHECK = 'see `pilotlight check`';

/** The data directory, as `pilotlight check` sees it. */
export async function dataDiagnostics(check: () => Promise<CheckReport>): Promise<readonly HostDiagnostic[]> {
  let report: CheckReport;
  try {
    report = await check();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [data.error(failureLine(error), 'name the folder with profiles/ in PILOTLIGHT_DATA_DIR')];
  }
  const { profiles, nodes, documents, problems } = report;
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const rest = problems.slice(SHOWN);
  return [
    ...(profiles === 0
      ? []
      : [data.ok(`${count(profiles, 'profile')}, ${count(nodes, 'node')}, ${count(documents, 'document')}`)]),
    ...problems
      .slice(0, SHOWN)
      .map((problem) =>
        (isError(problem) ? data.error : data.warning)(
          problemLine({ ...problem, remedy: undefined }),
          problem.remedy ?? SEE_CHECK,
        ),
      ),
    ...(rest.length === 0
      ? []
      : [(rest.some(isError) ? data.error : data.warning)(`and ${rest.length} more`, SEE_CHECK)]),
    ...(profiles > 0 ? [] : [data.warning('no profile in profiles/', '`pilotlight init` writes an example')]),
  ];
}

/** Both ways are right: without libc the same bytes cost the processor more. */
function sendingDiagnostic(why: string | undefined): HostDiagnostic {
  const { ok } = diagnosticsAbout('server');
  if (why === undefined)
    return ok('images and files by TFTP are sent by calls of libc (sendfile, a thread with epoll)');
  return ok(`images and files by TFTP are sent through Node, which takes more of the processor: ${why}`);
}

function neededPorts({ http, tftp, dhcp, syslog }: Settings): readonly NeededPort[] {
  return [
    { protocol: 'tcp', port: http.port },
    ...(tftp === undefined ? [] : [{ protocol: 'udp', port: tftp.listen.port } as const]),
    ...(syslog === undefined ? [] : (['udp', 'tcp'] as const).map((protocol) => ({ protocol, port: syslog.port }))),
    ...(hasDhcpv4(dhcp) ? [dhcp.listen.port, 4011].map((port) => ({ protocol: 'udp', port }) as const) : []),
    ...(hasDhcpv6(dhcp) ? [{ protocol: 'udp', port: 547 } as const] : []),
  ];
}

async function askNetworks(settings: Settings, probes: Probes): Promise<readonly HostDiagnostic[]> {
  const at = probes.networks();
  const own = new Set(probes.addresses().map(({ address }) => address));
  if (settings.baseUrl !== undefined) own.add(new URL(settings.baseUrl).hostname);
  try {
    const { dhcp } = settings;
    const served = servedSubnets(settings, probes.addresses()).flatMap(({ server }) => server ?? []);
    const alone = dhcp?.server && { besideOthers: dhcp.server.besideOthers, served: new Set(served) };
    return offerDiagnostics(at, await probes.discover(at), own, alone);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const remedy =
      error.code === 'refused' ? 'asking a DHCP server takes port 68: run it as root' : (error.remedy ?? 'try again');
    return [diagnosticsAbout('dhcp').error(`no DHCP server could be asked: ${error.message}`, remedy)];
  }
}
