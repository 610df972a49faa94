import { Failure } from '../model/failure.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import type { LocalAddress } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';
import { isIpv4, type Network, parseNetwork } from './host.ts';

/** Where machines find us. */
export interface Server {
  /** IPv4: DHCP's next-server has no room for anything else. */
  readonly address: string;
  readonly origin: Origin;
}

interface Kind {
  readonly tag: string;
  /** Option 93, RFC 4578 2.1 and IANA's list; x64 UEFI is 7 in the text and 9 in the erratum, firmware sends either. */
  readonly arches: readonly number[];
  readonly program: string;
  /** UEFI HTTP Boot: the boot file is a URL. */
  readonly http: boolean;
}

export const KINDS: readonly Kind[] = [
  { tag: 'bios', arches: [0], program: 'undionly.kpxe', http: false },
  { tag: 'efi-x64', arches: [7, 9], program: 'snponly.efi', http: false },
  { tag: 'efi-ia32', arches: [6], program: 'snponly-i386.efi', http: false },
  { tag: 'efi-arm64', arches: [11], program: 'snponly-arm64.efi', http: false },
  { tag: 'http-x64', arches: [16], program: 'ipxe.efi', http: true },
  { tag: 'http-arm64', arches: [19], program: 'snponly-arm64.efi', http: true },
];

/** The boot file field of a DHCP answer, without its final zero. */
const FIELD_BYTES = 127;

/**
 * dnsmasq's options that send every kind of machine to us. iPXE is known by its user class, or, where a ROM hides that
 * from the iPXE that it loads, by option 175; it gets the script and never a program again, which would loop for ever.
 */
export function bootOptions(server: Server): readonly string[] {
  const url = (path: string): string => {
    const text = `${server.origin}/${path}`;
    if (text.length <= FIELD_BYTES) return text;
    throw new Failure('invalid', `${text} does not fit into DHCP's boot file field of ${FIELD_BYTES} bytes`, {
      remedy: 'use a shorter base URL',
    });
  };
  const plain = KINDS.filter((kind) => !kind.http);
  const http = KINDS.filter((kind) => kind.http);
  return [
    'dhcp-userclass=set:ipxe,iPXE',
    'dhcp-match=set:ipxe,175',
    ...KINDS.flatMap((kind) => kind.arches.map((arch) => `dhcp-match=set:${kind.tag},option:client-arch,${arch}`)),
    `dhcp-boot=tag:ipxe,${url('boot.ipxe')}`,
    ...plain.map((kind) => `dhcp-boot=tag:!ipxe,tag:${kind.tag},${kind.program},,${server.address}`),
    ...http.flatMap((kind) => [
      // Firmware drops an offer for HTTP Boot that does not repeat its vendor class, and it does not ask for option 60.
      `dhcp-option-force=tag:!ipxe,tag:${kind.tag},60,HTTPClient`,
      `dhcp-boot=tag:!ipxe,tag:${kind.tag},${url(`firmware/${kind.program}`)}`,
    ]),
  ];
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(?:\.${LABEL})*$`, 'i');

export function parseDomain(text: string): string {
  if (DOMAIN.test(text)) return text.toLowerCase();
  throw new Failure('invalid', `--domain cannot be ${JSON.stringify(text)}`, { remedy: 'write it as lab.example' });
}

export function parsePlug(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(text)) return text;
  throw new Failure('invalid', `--plug cannot be ${JSON.stringify(text)}`, {
    remedy: 'the name that `virsh net-list` shows',
  });
}

export function parseUser(text: string): string {
  if (/^[A-Za-z_][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new Failure('invalid', `--user cannot be ${JSON.stringify(text)}`, { remedy: 'a name as in /etc/passwd' });
}

/** Quotes, backslashes, % and $ mean something to ssh_config(5). */
export function parseKnownHosts(text: string): string {
  if (/^[\w~/.@+:, -]{1,255}$/.test(text)) return text;
  throw new Failure('invalid', `--known-hosts cannot be ${JSON.stringify(text)}`, {
    remedy: 'a path such as ~/.ssh/pilotlight_known_hosts',
  });
}

export function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new Failure('invalid', `--network cannot be ${JSON.stringify(text)}`, {
    remedy: "the router's address and the prefix length: 192.168.122.1/24",
  });
}

/** Where machines find us: as --server says, else the settings, else this host's only address. */
export function serverOf(settings: Settings, said: string | undefined, local: () => readonly LocalAddress[]): Server {
  const address = said ?? knownAddress(settings, local);
  if (!isIpv4(address) || address === '0.0.0.0') {
    throw new Failure('invalid', `--server cannot be ${JSON.stringify(address)}`, {
      remedy: "this server's IPv4 address, as machines reach it",
    });
  }
  return { address, origin: settings.baseUrl ?? originAt(address, settings.http.port) };
}

function originAt(address: string, port: number): Origin {
  const origin = originFromHost(port === 80 ? address : `${address}:${port}`);
  if (origin === undefined) throw new TypeError(`not an address: ${address}`);
  return origin;
}

/** The settings' address when they name one, else this host's only one. */
function knownAddress(settings: Settings, local: () => readonly LocalAddress[]): string {
  const named = [
    settings.tftp?.listen.host,
    settings.baseUrl && new URL(settings.baseUrl).hostname,
    settings.http.host,
  ];
  const chosen = named.find((host) => host !== undefined && isIpv4(host) && host !== '0.0.0.0' && !isLoopback(host));
  if (chosen !== undefined) return chosen;
  const own = local().filter((entry) => entry.family === 4 && !entry.internal);
  const [only] = own;
  if (only !== undefined && own.length === 1) return only.address;
  throw new Failure('invalid', 'which address of this server do machines reach?', {
    remedy: `name it with --server${own.length === 0 ? '' : `: ${own.map(({ address }) => address).join(', ')}`}`,
  });
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.');
}
