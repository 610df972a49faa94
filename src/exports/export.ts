import { type AppContext, readContext } from '../context/app-context.ts';
import { writeOut } from '../files/publish.ts';
import { readLeaseFile } from '../dhcp/lease-book.ts';
import { nodesWithKeys } from '../machines/identities.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { hasIdentity, type MachineFacts, nodeFacts } from '../model/machine.ts';
import type { Origin, Question } from '../model/plan.ts';
import type { Node } from '../model/profile.ts';
import { type LocalAddress, localAddresses } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';
import { dnsmasqConfig } from './dnsmasq.ts';
import { checked, type ExportKind, networkOf, serverOf, serverOf6 } from './export-options.ts';
import { ansibleInventory, findNode, hostsFile, hostsOf, withLeases } from './host.ts';
import { libvirtDomain, libvirtNetwork } from './libvirt.ts';
import {
  carriedKind,
  type Carrier,
  CONFIG_DRIVE,
  configDrive,
  FW_CFG,
  fwCfgArgument,
  guestinfo,
  GUESTINFO,
  type NodeDocument,
} from './node-documents.ts';
import { knownHosts, sshConfig } from './ssh-config.ts';

/** As the command line says it, not yet checked. */
export interface ExportRequest {
  readonly kind: ExportKind;
  readonly server?: string;
  /** For `dnsmasq`: where machines of IPv6 find it. */
  readonly server6?: string;
  readonly domain?: string;
  /** `192.168.122.1/24`. */
  readonly network?: string;
  /** The profile of an etcd cluster. */
  readonly etcd?: string;
  /** For what is about one machine. */
  readonly node?: string;
  /** For `libvirt-domain`: its firmware, and the name of libvirt's network. */
  readonly uefi?: boolean;
  readonly plug?: string;
  /** For `ssh-config`. */
  readonly user?: string;
  readonly knownHosts?: string;
  readonly output?: Output;
}

/** The file that the person wants it in. */
export interface Output {
  /** As the person wrote it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly force: boolean;
}

/** What an export is: text for standard output, or a file that may hold secrets, with something to say about it. */
interface Made {
  readonly text: string;
  readonly file?: string | Uint8Array;
  /** It holds a node's whole configuration: only its owner may read it. */
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
  const appContext = await readContext(settings);
  const { problems, profiles } = appContext.catalog.current();
  refuseBroken(problems);
  const hosts = hostsOf(profiles.values());
  const found = async () => withLeases(hosts, (await readLeaseFile(appContext.files, false)).leases, Date.now());
  const domain = request.domain === undefined ? undefined : checked('domain', request.domain);
  const { kind, etcd } = request;
  if (etcd !== undefined && ((kind !== 'dnsmasq' && kind !== 'libvirt-network') || domain === undefined)) {
    throw new Failure(
      'invalid',
      '--etcd is for dnsmasq and libvirt-network and needs --domain, below which the records stand',
    );
  }
  const server = () => serverOf(settings, request.server, local);
  const documentBy = async (carrier: Carrier) =>
    await documentFor(appContext, settings.baseUrl ?? server().origin, nodeOf(request), carrier);
  switch (kind) {
    case 'hosts':
      return { text: hostsFile(await found(), domain) };
    case 'ansible-inventory':
      return { text: ansibleInventory(await found(), domain) };
    case 'ssh-config': {
      const user = request.user === undefined ? undefined : checked('user', request.user);
      const keys = checked('known-hosts', request.knownHosts ?? '~/.ssh/pilotlight_known_hosts');
      return { text: sshConfig({ hosts: await found(), domain, user, knownHosts: keys }) };
    }
    case 'known-hosts': {
      const { identities } = appContext;
      await identities.ensure(nodesWithKeys(profiles.values()));
      return { text: knownHosts({ hosts, domain, keyOf: (node) => identities.keyOf(node)?.publicKey }) };
    }
    case 'libvirt-domain': {
      const network = checked('plug', request.plug ?? 'pilotlight');
      const { uefi = false } = request;
      return { text: libvirtDomain({ ...findNode(profiles.values(), nodeOf(request)), uefi, network }) };
    }
    case 'dnsmasq': {
      const network = request.network === undefined ? undefined : networkOf(request.network);
      const server6 = request.server6 === undefined ? undefined : serverOf6(settings, request.server6);
      return { text: dnsmasqConfig({ hosts, server: server(), server6, domain, network, etcd }) };
    }
    case 'libvirt-network': {
      const here = server();
      // libvirt's own networks are a /24 whose first address is the bridge's.
      const network = networkOf(request.network ?? `${here.address.replace(/\d+$/, '1')}/24`);
      return { text: libvirtNetwork({ hosts, server: here, domain, network, etcd }) };
    }
    case 'guestinfo': {
      const document = await documentBy(GUESTINFO);
      return { text: guestinfo(document, document.metaData), secret: true };
    }
    case 'ignition-fw-cfg': {
      const { node, profile, body } = await documentBy(FW_CFG);
      const text = fwCfgArgument(profile.system, request.output?.name ?? `${node.name}.ign`);
      return { text, file: body, secret: true };
    }
    case 'config-drive': {
      const document = await documentBy(CONFIG_DRIVE);
      return { text: '', file: configDrive(document, document.sshKey), secret: true };
    }
  }
}

function nodeOf({ kind, node }: ExportRequest): string {
  if (node === undefined) throw new Failure('invalid', `${kind} needs the name of a node`);
  return node;
}

// A profile that is broken is not in force: without this, its machines would quietly be missing from the text.
function refuseBroken(problems: readonly FileDiagnostic[]): void {
  const found = problems.find(({ severity, place }) => severity === 'error' && place.file.startsWith('profiles/'));
  if (found === undefined) return;
  throw new Failure('broken', found.message, {
    place: found.place,
    remedy: found.remedy ?? 'see `pilotlight check`: its machines would be missing here',
  });
}

interface ExportedDocument extends NodeDocument {
  /** The text of the SSH key that the profile names. */
  readonly sshKey?: string;
  /** NoCloud's meta-data; empty for every other kind. */
  readonly metaData: string;
}

/** The document of one node, from the boot service: what the server would send it over HTTP. */
async function documentFor(
  { catalog, bootService, identities }: AppContext,
  origin: Origin,
  name: string,
  carrier: Carrier,
): Promise<ExportedDocument> {
  const { profiles, keys } = catalog.current();
  const { profile, node } = findNode(profiles.values(), name);
  const kind = carriedKind(profile, carrier);
  if (profile.ssh_host_keys) await identities.ensure([node.name]);
  const question: Question = { facts: factsOf(node), origin };
  const { body } = await bootService.documentOf(kind, question);
  const metaData = kind === 'nocloud' ? (await bootService.nocloud('meta-data', question)).body.toString() : '';
  const sshKey = profile.sshkey === undefined ? undefined : keys.get(profile.sshkey)?.text;
  return { node, profile, kind, body, metaData, sshKey };
}

/** What the machine says of itself when it asks. */
function factsOf(node: Node): MachineFacts {
  const facts = nodeFacts(node);
  if (!hasIdentity(facts)) throw new Failure('broken', `nothing says which machine ${node.name} is`);
  return facts;
}
