import { Failure } from '../model/failure.ts';
import { originFromHost, type Origin } from '../model/origin.ts';
import type { LocalAddress } from '../net/addresses.ts';
import type { Server } from './boot-options.ts';
import { isIpv4, parseNetwork, type Network } from './ipv4.ts';
import type { Settings } from '../settings/settings.ts';

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
  const origin = originFromHost(port === 80 ? address : `${address}:${String(port)}`);
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
