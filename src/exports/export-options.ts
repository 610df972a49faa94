import { isIPv4 } from 'node:net';
import { Failure } from '../model/failure.ts';
import { canonicalAddress } from '../model/ipv6.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import type { LocalAddress } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';

/** What can be exported: apart from what does it, so that help loads none of it. */
export const EXPORTS = [
  'dnsmasq',
  'libvirt-network',
  'libvirt-domain',
  'hosts',
  'ansible-inventory',
  'ssh-config',
  'known-hosts',
  'guestinfo',
  'ignition-fw-cfg',
  'config-drive',
] as const;
export type ExportKind = (typeof EXPORTS)[number];

/** These are about one machine. */
export const NODE_EXPORTS: ReadonlySet<ExportKind> = new Set<ExportKind>([
  'libvirt-domain',
  'guestinfo',
  'ignition-fw-cfg',
  'config-drive',
]);

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** What an option may be, and how to write it. */
const OPTIONS = {
  domain: [new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(?:\.${LABEL})*$`, 'i'), 'write it as lab.example'],
  plug: [/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, 'the name that `virsh net-list` shows'],
  user: [/^[A-Za-z_][A-Za-z0-9._-]{0,63}$/, 'a name as in /etc/passwd'],
  // Quotes, backslashes, % and $ mean something to ssh_config(5).
  'known-hosts': [/^[\w~/.@+:, -]{1,255}$/, 'a path such as ~/.ssh/pilotlight_known_hosts'],
} as const;

/** The option's text, if it has the form of one. Throws Failure `invalid`. */
export function checked(option: keyof typeof OPTIONS, text: string): string {
  const [form, remedy] = OPTIONS[option];
  if (!form.test(text)) throw mistaken(option, text, remedy);
  return option === 'domain' ? text.toLowerCase() : text;
}

function mistaken(option: string, text: string, remedy: string): Failure {
  return new Failure('invalid', `--${option} cannot be ${JSON.stringify(text)}`, { remedy });
}

/** An IPv4 network and the address of the router (or of libvirt's bridge) in it. */
export interface Network {
  readonly router: string;
  /** Its first address. */
  readonly base: string;
  readonly netmask: string;
  /** Prefix length. */
  readonly prefix: number;
}

/** `192.168.122.1/24`. Throws Failure `invalid`, also for networks without room for a router and a machine. */
export function networkOf(text: string): Network {
  const [router = '', length = '', rest] = text.split('/');
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 0;
  if (rest !== undefined || !isIPv4(router) || prefix < 8 || prefix > 30) {
    throw mistaken('network', text, "the router's address and the prefix length: 192.168.122.1/24");
  }
  const mask = (0xffffffff << (32 - prefix)) >>> 0;
  const base = (numberOf(router) & mask) >>> 0;
  return { router, base: textOf(base), netmask: textOf(mask), prefix };
}

/** A machine's address: not the network's own, not its broadcast address, not the router's. */
export function hasMachine(network: Network, ip: string): boolean {
  const offset = numberOf(ip) - numberOf(network.base);
  return offset > 0 && offset < 2 ** (32 - network.prefix) - 1 && ip !== network.router;
}

/** The half of the network without the router: for machines that no profile names yet, which say on their screen who they are. */
export function poolOf(network: Network): { readonly first: string; readonly last: string } {
  const base = numberOf(network.base);
  const size = 2 ** (32 - network.prefix);
  const half = size / 2;
  const low = numberOf(network.router) - base >= half;
  return { first: textOf(base + (low ? 1 : half)), last: textOf(base + (low ? half - 1 : size - 2)) };
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Where machines find this server. */
export interface Server {
  /** IPv4, because DHCP's next-server has no room for anything else; for DHCPv6 its IPv6 address. */
  readonly address: string;
  readonly origin: Origin;
}

/** As --server says, else the settings, else this host's only address. */
export function serverOf(settings: Settings, said: string | undefined, local: () => readonly LocalAddress[]): Server {
  const address = said ?? knownAddress(settings, local);
  if (!isIPv4(address) || address === '0.0.0.0') {
    throw mistaken('server', address, "this server's IPv4 address, as machines reach it");
  }
  const { port } = settings.http;
  const origin = settings.baseUrl ?? originFromHost(port === 80 ? address : `${address}:${port}`);
  if (origin === undefined) throw new TypeError(`not an address: ${address}`);
  return { address, origin };
}

/** By IPv6, as --server6 says. */
export function serverOf6(settings: Settings, said: string): Server {
  if (said.includes('%')) throw mistaken('server6', said, 'without its zone (%), which means nothing to a machine');
  if (canonicalAddress(said) === undefined || !said.includes(':') || /^(?:fe80:|ff|::1?$)/i.test(said)) {
    throw mistaken('server6', said, "this server's IPv6 address, as machines reach it: fd00::10");
  }
  const { port } = settings.http;
  const origin = settings.baseUrl ?? originFromHost(port === 80 ? `[${said}]` : `[${said}]:${port}`);
  if (origin === undefined) throw new TypeError(`not an address: ${said}`);
  return { address: said, origin };
}

/** The settings' address when they name one, else this host's only one. */
function knownAddress(settings: Settings, local: () => readonly LocalAddress[]): string {
  const named = [
    settings.tftp?.listen.host,
    settings.baseUrl && new URL(settings.baseUrl).hostname,
    settings.http.host,
  ];
  const chosen = named.find(
    (host) => host !== undefined && isIPv4(host) && host !== '0.0.0.0' && !host.startsWith('127.'),
  );
  if (chosen !== undefined) return chosen;
  const own = local().filter((entry) => entry.family === 4 && !entry.internal);
  const [only] = own;
  if (only !== undefined && own.length === 1) return only.address;
  throw new Failure('invalid', 'which address of this server do machines reach?', {
    remedy: `name it with --server${own.length === 0 ? '' : `: ${own.map(({ address }) => address).join(', ')}`}`,
  });
}
