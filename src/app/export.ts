import { Failure } from '../domain/failure.ts';
import { originFromHost, type Origin } from '../domain/origin.ts';
import type { Problem } from '../domain/problem.ts';
import { localAddresses, type LocalAddress } from '../doors/local-addresses.ts';
import { ansibleInventory } from '../exports/ansible-inventory.ts';
import type { Server } from '../exports/boot-options.ts';
import { dnsmasqConfig } from '../exports/dnsmasq.ts';
import { hostsOf } from '../exports/host.ts';
import { hostsFile } from '../exports/hosts.ts';
import { isIpv4, parseNetwork, type Network } from '../exports/ipv4.ts';
import { libvirtDomain } from '../exports/libvirt-domain.ts';
import { libvirtNetwork } from '../exports/libvirt-network.ts';
import type { Settings } from '../settings/settings.ts';
import type { ExportKind } from './export-kinds.ts';
import { readHouse } from './house.ts';

/** As the command line says it, not yet checked. */
export interface ExportRequest {
  readonly kind: ExportKind;
  readonly server?: string | undefined;
  readonly domain?: string | undefined;
  /** `192.168.122.1/24`. */
  readonly network?: string | undefined;
  /** The profile of an etcd cluster. */
  readonly etcd?: string | undefined;
  /** For `libvirt-domain`: the machine, its firmware, and the name of libvirt's network. */
  readonly node?: string | undefined;
  readonly uefi?: boolean;
  readonly plug?: string | undefined;
}

/** What stands beside us, as text from the profiles in the folder. The same folder and request give the same bytes. */
export async function exportText(
  settings: Settings,
  request: ExportRequest,
  local: () => readonly LocalAddress[] = localAddresses,
): Promise<string> {
  const house = await readHouse(settings);
  const snapshot = house.catalog.current();
  refuseBroken(snapshot.problems);
  const hosts = hostsOf(snapshot.profiles.values());
  const domain = request.domain === undefined ? undefined : parseDomain(request.domain);
  if (request.etcd !== undefined && (request.kind !== 'dnsmasq' || domain === undefined)) {
    throw new Failure('invalid', '--etcd is for dnsmasq and needs --domain, below which the records stand');
  }
  switch (request.kind) {
    case 'hosts':
      return hostsFile(hosts, domain);
    case 'ansible-inventory':
      return ansibleInventory(hosts, domain);
    case 'libvirt-domain':
      if (request.node === undefined) throw new Failure('invalid', 'libvirt-domain needs the name of a node');
      return libvirtDomain({
        profiles: snapshot.profiles.values(),
        node: request.node,
        uefi: request.uefi ?? false,
        network: plugOf(request.plug ?? 'pilotlight'),
      });
    case 'dnsmasq': {
      const network = request.network === undefined ? undefined : networkOf(request.network);
      return dnsmasqConfig({ hosts, server: serverOf(settings, request, local), domain, network, etcd: request.etcd });
    }
    case 'libvirt-network': {
      const server = serverOf(settings, request, local);
      // libvirt's own networks are a /24 whose first address is the bridge's.
      const network = networkOf(request.network ?? `${server.address.replace(/\d+$/, '1')}/24`);
      return libvirtNetwork({ hosts, server, domain, network });
    }
  }
}

// A profile that is broken is not in force: without this, its machines would quietly be missing from the text.
function refuseBroken(problems: readonly Problem[]): void {
  const found = problems.find(({ severity, place }) => severity === 'error' && place.file.startsWith('profiles/'));
  if (found === undefined) return;
  throw new Failure('broken', found.message, {
    place: found.place,
    remedy: found.remedy ?? 'see `pilotlight check`: its machines would be missing here',
  });
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(?:\.${LABEL})*$`, 'i');

function parseDomain(text: string): string {
  if (DOMAIN.test(text)) return text.toLowerCase();
  throw new Failure('invalid', `--domain cannot be ${JSON.stringify(text)}`, { remedy: 'write it as lab.example' });
}

function plugOf(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(text)) return text;
  throw new Failure('invalid', `--plug cannot be ${JSON.stringify(text)}`, {
    remedy: 'the name that `virsh net-list` shows',
  });
}

function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new Failure('invalid', `--network cannot be ${JSON.stringify(text)}`, {
    remedy: "the router's address and the prefix length: 192.168.122.1/24",
  });
}

function serverOf(settings: Settings, request: ExportRequest, local: () => readonly LocalAddress[]): Server {
  const address = request.server ?? knownAddress(settings, local);
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
