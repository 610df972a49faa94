import { isLoopback } from '../model/machine.ts';
import { lastingFirst, type LocalAddress } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';
import { diagnosticsAbout, type HostDiagnostic } from '../model/failure.ts';

/** What `GET /healthz` came to. */
export type HealthAnswer =
  | { readonly kind: 'pilotlight'; readonly status: string; readonly version: string }
  | { readonly kind: 'other'; readonly status: number }
  | { readonly kind: 'silence'; readonly reason: string };

const say = diagnosticsAbout('address');
const server = diagnosticsAbout('server');

/** Where machines are sent to: the base URL, or each network's own address of this host. */
export function announced(settings: Settings, local: readonly LocalAddress[]): readonly string[] {
  if (settings.baseUrl !== undefined) return [settings.baseUrl];
  return outside(settings, local).map(({ address, family }) => {
    return `http://${family === 6 ? `[${address}]` : address}:${settings.http.port}`;
  });
}

/** Which addresses machines hear of, and whether that can be right. */
export function addressDiagnostics(settings: Settings, local: readonly LocalAddress[]): readonly HostDiagnostic[] {
  const own = outside(settings, local);
  if (own.length === 0) {
    return [say.error('no interface has an address that machines could reach', 'give this host an address')];
  }
  const names = own.map(({ interfaceName, address }) => `${interfaceName} ${address}`).join(', ');
  if (settings.baseUrl === undefined) return [say.ok(`machines hear the address of their own network: ${names}`)];
  const { hostname } = new URL(settings.baseUrl);
  if (isLoopback(hostname)) {
    return [
      say.error(
        `the base URL ${settings.baseUrl} is each machine's own address`,
        `set PILOTLIGHT_BASE_URL to an address of this host (${names}), or leave it out`,
      ),
    ];
  }
  const networks = new Set(own.map(({ interfaceName }) => interfaceName)).size;
  if (networks === 1) return [say.ok(`machines hear ${settings.baseUrl}`)];
  return [
    say.warning(
      `machines of ${networks} networks (${names}) all hear ${settings.baseUrl}`,
      'leave out PILOTLIGHT_BASE_URL if not all of them can reach it: each then hears its own network’s address',
    ),
  ];
}

/** Where a server of these settings answers programs on this host. */
export function home({ http }: Settings): string {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}

/** Whether a server answers where machines are sent to; `at` is where it answers this host. */
export async function serverDiagnostics(
  urls: readonly string[],
  at: string,
  ask: (url: string) => Promise<HealthAnswer>,
): Promise<{ readonly diagnostics: readonly HostDiagnostic[]; readonly serves: boolean }> {
  const answers = await Promise.all(urls.map(async (url) => ({ url, answer: await ask(`${url}/healthz`) })));
  const own = await ask(`${at}/healthz`);
  const serves = [own, ...answers.map(({ answer }) => answer)].some(({ kind }) => kind === 'pilotlight');
  if (!serves && answers.every(({ answer }) => answer.kind === 'silence')) {
    const where = urls.length === 0 ? 'anywhere' : `at ${urls.join(', ')}`;
    const remedy = 'start it (`pilotlight serve`) and run the doctor again: it then looks whether it can be reached';
    return { diagnostics: [server.warning(`no server answers ${where}`, remedy)], serves };
  }
  return { diagnostics: answers.map(({ url, answer }) => reachFinding(url, answer)), serves };
}

function reachFinding(url: string, answer: HealthAnswer): HostDiagnostic {
  switch (answer.kind) {
    case 'pilotlight':
      return answer.status === 'ok'
        ? server.ok(`${url} answers: Pilotlight ${answer.version}`)
        : server.warning(`${url} answers: Pilotlight ${answer.version}, ${answer.status}`, `see ${url}/healthz`);
    case 'other':
      return server.error(
        `${url} answers with ${answer.status}, but is no Pilotlight`,
        'another program has the port, or a proxy stands before it: set PILOTLIGHT_BASE_URL or PILOTLIGHT_HTTP_LISTEN',
      );
    case 'silence':
      return server.error(
        `${url} does not answer (${answer.reason}), though machines are sent there`,
        'let HTTP listen at every address (PILOTLIGHT_HTTP_LISTEN=[::]:4777), or look at the firewall',
      );
  }
}

/** Every IPv4 address, and where HTTP listens at IPv6, too, the one of each interface that will stay. */
function outside({ http }: Settings, local: readonly LocalAddress[]): readonly LocalAddress[] {
  const own = local.filter(({ internal }) => !internal);
  const ipv6 = lastingFirst(own.filter(({ address, family }) => family === 6 && !address.includes('%')));
  const first = ipv6.filter((one, at) => ipv6.findIndex((other) => other.interfaceName === one.interfaceName) === at);
  return [...own.filter(({ family }) => family === 4), ...(http.host.includes(':') ? first : [])];
}
