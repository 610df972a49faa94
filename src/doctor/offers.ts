import type { DiscoverAt, Offer } from '../dhcp/discover.ts';
import { ONE_SERVER } from '../dhcp/lease-server.ts';
import { diagnosticsAbout, type HostDiagnostic } from '../model/failure.ts';

const say = diagnosticsAbout('dhcp');
const UNSET = '0.0.0.0';
/** What only the other kind of firmware can run. */
const WRONG: Readonly<Record<Offer['firmware'], RegExp>> = {
  BIOS: /\.efi(?:\.0)?$/i,
  'UEFI x86_64': /\.(?:k?kpxe|pxe|lkrn|0)$/i,
};

/** PILOTLIGHT_DHCP=server. */
export interface OnlyServer {
  readonly besideOthers: boolean;
  /** The addresses of this host in whose networks it hands out addresses. */
  readonly served: ReadonlySet<string>;
}

/** What the DHCP servers of each network say to machines that netboot, and what is wrong with it. */
export function offerDiagnostics(
  asked: readonly DiscoverAt[],
  offers: readonly Offer[],
  own: ReadonlySet<string>,
  alone?: OnlyServer,
): readonly HostDiagnostic[] {
  return asked.flatMap((at) => {
    const { interfaceName, address } = at;
    const here = offers.filter((offer) => offer.interfaceName === interfaceName);
    if (alone !== undefined) return besideOurs(at, here, own, alone);
    if (here.length === 0) {
      const remedy =
        'machines need a DHCP server there (or PILOTLIGHT_DHCP=server); it is silent also to a host that it does not like';
      return [say.warning(`${interfaceName}: no DHCP server answers`, remedy)];
    }
    const leasing = new Set(here.filter(({ yiaddr }) => yiaddr !== UNSET).map(({ server }) => server));
    return [
      ...here.map((offer) => say.ok(describe(offer))),
      ...(leasing.size > 1
        ? [
            say.warning(
              `${interfaceName}: ${[...leasing].join(' and ')} both hand out addresses`,
              'switch one of them off',
            ),
          ]
        : []),
      ...(leasing.size === 0
        ? [
            say.warning(
              `${interfaceName}: no server offers an address`,
              'switch on DHCP in your router; where there is none, PILOTLIGHT_DHCP=server',
            ),
          ]
        : []),
      ...(['BIOS', 'UEFI x86_64'] as const).flatMap((firmware) =>
        judge(
          interfaceName,
          address,
          firmware,
          here.filter((offer) => offer.firmware === firmware),
          own,
        ),
      ),
    ];
  });
}

/** Where Pilotlight gives the addresses, another server is one too many; in this host's other networks it is at home. */
function besideOurs(
  { interfaceName, address }: DiscoverAt,
  here: readonly Offer[],
  own: ReadonlySet<string>,
  { besideOthers, served }: OnlyServer,
): readonly HostDiagnostic[] {
  const told = here.map((offer) => say.ok(describe(offer)));
  if (!served.has(address)) return told;
  if (!here.some(({ server }) => own.has(server))) {
    const remedy = 'start it (`pilotlight serve`), as root or with CAP_NET_BIND_SERVICE; UDP 67 must be open';
    told.push(say.warning(`${interfaceName}: this host’s DHCP server does not answer`, remedy));
  }
  const leasing = here.filter(({ yiaddr, server }) => yiaddr !== UNSET && !own.has(server));
  for (const server of new Set(leasing.map((offer) => offer.server))) {
    const what = `${interfaceName}: ${server} hands out addresses, too`;
    told.push(
      besideOthers
        ? say.warning(`${what}: machines take either`, 'set PILOTLIGHT_DHCP_AUTHORITATIVE=off, or switch that one off')
        : say.error(`${what}: this host’s DHCP server does not start beside it`, ONE_SERVER),
    );
  }
  return told;
}

/** `eth0: 192.168.1.1 offers a BIOS machine 192.168.1.57, next-server 192.168.1.5, file undionly.kpxe`. */
function describe(offer: Offer): string {
  const parts = [
    offer.yiaddr === UNSET ? 'no address' : offer.yiaddr,
    ...(offer.nextServer === UNSET ? [] : [`next-server ${offer.nextServer}`]),
    ...(offer.file === '' ? [] : [`file ${offer.file}`]),
    ...(offer.option67 === '' ? [] : [`option 67 ${offer.option67}`]),
    ...(offer.option43 === '' ? [] : [`option 43 ${offer.option43}`]),
    ...(offer.vendorClass === '' ? [] : [`option 60 ${offer.vendorClass}`]),
  ];
  return `${offer.interfaceName}: ${offer.server} offers a ${offer.firmware} machine ${parts.join(', ')}`;
}

function judge(
  interfaceName: string,
  address: string,
  firmware: Offer['firmware'],
  offers: readonly Offer[],
  own: ReadonlySet<string>,
): readonly HostDiagnostic[] {
  const booting = offers.filter((offer) => bootFile(offer) !== '');
  if (offers.length > 0 && booting.length === 0) {
    return [
      say.error(
        `${interfaceName}: no DHCP server tells a ${firmware} machine where to boot from`,
        `set PILOTLIGHT_DHCP=proxy, or in the DHCP server next-server ${address} and filename ${programOf(firmware)}`,
      ),
    ];
  }
  return booting.flatMap((offer) => {
    const file = bootFile(offer);
    if (!own.has(offer.nextServer) && !own.has(hostOf(file))) {
      return [
        say.warning(
          `${interfaceName}: ${offer.server} sends a ${firmware} machine to ${offer.nextServer} for ${file}, not to this host`,
          `take that out of the server at ${offer.server}, or change it to next-server ${address}`,
        ),
      ];
    }
    if (!WRONG[firmware].test(file) || file.endsWith('boot.ipxe.0')) return [];
    return [
      say.error(
        `${interfaceName}: ${offer.server} gives a ${firmware} machine ${file}, which it cannot run`,
        `give it ${programOf(firmware)}, by its architecture (option 93), or set PILOTLIGHT_DHCP=proxy`,
      ),
    ];
  });
}

function bootFile({ file, option67 }: Offer): string {
  return file === '' ? option67 : file;
}

function programOf(firmware: Offer['firmware']): string {
  return firmware === 'BIOS' ? 'undionly.kpxe' : 'snponly.efi';
}

function hostOf(file: string): string {
  return /^https?:\/\/([^/:]+)/.exec(file)?.[1] ?? '';
}
