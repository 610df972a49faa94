import { Failure } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { localAddresses, type LocalAddress } from '../net/addresses.ts';
import { ansibleInventory } from './ansible-inventory.ts';
import { CONFIG_DRIVE_KINDS, configDrive } from './node-documents.ts';
import { dnsmasqConfig } from './dnsmasq.ts';
import { GUESTINFO_KINDS, guestinfo } from './guestinfo.ts';
import { hostsOf } from './host.ts';
import { hostsFile } from './hosts.ts';
import { FW_CFG_KINDS, fwCfgArgument } from './ignition-fw-cfg.ts';
import { knownHosts } from './known-hosts.ts';
import { libvirtDomain } from './libvirt.ts';
import { libvirtNetwork } from './libvirt-network.ts';
import { sshConfig } from './ssh-config.ts';
import { writeOut } from '../files/write-out.ts';
import type { Settings } from '../settings/settings.ts';
import { documentFor, publicKeys } from './export-document.ts';
import type { ExportKind } from './export-kinds.ts';
import { networkOf, parseDomain, parseKnownHosts, parsePlug, parseUser, serverOf } from './export-options.ts';
import { readHouse } from '../context/app-context.ts';

/** As the command line says it, not yet checked. */
export interface ExportRequest {
  readonly kind: ExportKind;
  readonly server?: string | undefined;
  readonly domain?: string | undefined;
  /** `192.168.122.1/24`. */
  readonly network?: string | undefined;
  /** The profile of an etcd cluster. */
  readonly etcd?: string | undefined;
  /** For what is about one machine. */
  readonly node?: string | undefined;
  /** For `libvirt-domain`: its firmware, and the name of libvirt's network. */
  readonly uefi?: boolean;
  readonly plug?: string | undefined;
  /** For `ssh-config`. */
  readonly user?: string | undefined;
  readonly knownHosts?: string | undefined;
  readonly output?: Output | undefined;
}

/** The file that the person wants it in. */
export interface Output {
  /** As the person wrote it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly force: boolean;
}

/** What an export is: text for everybody to see, or a file that may hold secrets, with something to say about it. */
interface Made {
  readonly text: string;
  readonly file?: string | Uint8Array;
  /** It holds a node's whole configuration: for the eyes of its owner alone. */
  readonly secret?: boolean;
}

/**
 * What stands beside us, from the profiles in the folder. The same folder and request give the same bytes. Gives what
 * goes to standard output; with an output the file has been written.
 */
export async function exportText(
  settings: Settings,
  request: ExportRequest,
  local: () => readonly LocalAddress[] = localAddresses,
): Promise<string> {
  if (request.kind === 'config-drive' && request.output === undefined) {
    throw new Failure('invalid', 'config-drive is a file: say which with -o FILE.iso');
  }
  const { text, file, secret = false } = await make(settings, request, local);
  if (request.output === undefined) return text;
  const { path, force } = request.output;
  await writeOut(path, file ?? text, { force, mode: secret ? 0o600 : 0o644 });
  return file === undefined ? '' : text;
}

async function make(settings: Settings, request: ExportRequest, local: () => readonly LocalAddress[]): Promise<Made> {
  const house = await readHouse(settings);
  const snapshot = house.catalog.current();
  refuseBroken(snapshot.problems);
  const hosts = hostsOf(snapshot.profiles.values());
  const domain = request.domain === undefined ? undefined : parseDomain(request.domain);
  const { kind, etcd } = request;
  if (etcd !== undefined && ((kind !== 'dnsmasq' && kind !== 'libvirt-network') || domain === undefined)) {
    throw new Failure(
      'invalid',
      '--etcd is for dnsmasq and libvirt-network and needs --domain, below which the records stand',
    );
  }
  const server = () => serverOf(settings, request.server, local);
  const origin = (): Origin => settings.baseUrl ?? server().origin;
  switch (kind) {
    case 'hosts':
      return { text: hostsFile(hosts, domain) };
    case 'ansible-inventory':
      return { text: ansibleInventory(hosts, domain) };
    case 'ssh-config': {
      const user = request.user === undefined ? undefined : parseUser(request.user);
      const keys = parseKnownHosts(request.knownHosts ?? '~/.ssh/pilotlight_known_hosts');
      return { text: sshConfig({ hosts, domain, user, knownHosts: keys }) };
    }
    case 'known-hosts':
      return { text: knownHosts({ hosts, domain, keyOf: await publicKeys(house) }) };
    case 'libvirt-domain':
      return {
        text: libvirtDomain({
          profiles: snapshot.profiles.values(),
          node: nodeOf(request),
          uefi: request.uefi ?? false,
          network: parsePlug(request.plug ?? 'pilotlight'),
        }),
      };
    case 'dnsmasq': {
      const network = request.network === undefined ? undefined : networkOf(request.network);
      return { text: dnsmasqConfig({ hosts, server: server(), domain, network, etcd }) };
    }
    case 'libvirt-network': {
      const here = server();
      // libvirt's own networks are a /24 whose first address is the bridge's.
      const network = networkOf(request.network ?? `${here.address.replace(/\d+$/, '1')}/24`);
      return { text: libvirtNetwork({ hosts, server: here, domain, network, etcd }) };
    }
    case 'guestinfo': {
      const document = await documentFor(house, origin(), nodeOf(request), GUESTINFO_KINDS, "VMware's guestinfo");
      return { text: guestinfo(document, document.metaData), secret: true };
    }
    case 'ignition-fw-cfg': {
      const { node, profile, body } = await documentFor(house, origin(), nodeOf(request), FW_CFG_KINDS, 'fw_cfg');
      const text = fwCfgArgument(profile.system, request.output?.name ?? `${node.name}.ign`);
      return { text, file: body, secret: true };
    }
    case 'config-drive': {
      const document = await documentFor(house, origin(), nodeOf(request), CONFIG_DRIVE_KINDS, 'a config drive');
      return { text: '', file: configDrive(document, document.sshKey), secret: true };
    }
  }
}

function nodeOf({ kind, node }: ExportRequest): string {
  if (node === undefined) throw new Failure('invalid', `${kind} needs the name of a node`);
  return node;
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
