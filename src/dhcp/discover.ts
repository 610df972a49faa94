import { networkInterfaces } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { bindUdp, closeUdp, type Endpoint, sendUdp } from '../net/udp-socket.ts';
import { BOOT_REPLY, BOOT_REQUEST, type DhcpPacket, encodeDhcp, MESSAGE, OPTION, parseDhcp } from './packet.ts';

/** What we pretend to be. */
export type PretendedFirmware = 'BIOS' | 'UEFI x86_64';

/** One network to ask at: an interface, its address and its hardware address. */
export interface DiscoverAt {
  readonly interfaceName: string;
  readonly address: string;
  readonly mac: string;
}

/** What one server said to one question. Addresses are dotted; `0.0.0.0` and the empty string are "nothing". */
export interface Offer {
  readonly interfaceName: string;
  readonly firmware: PretendedFirmware;
  /** Option 54, else where the answer came from. */
  readonly server: string;
  /** The address that it offers; `0.0.0.0` from a ProxyDHCP server. */
  readonly yiaddr: string;
  readonly nextServer: string;
  readonly file: string;
  readonly option67: string;
  /** Hexadecimal. */
  readonly option43: string;
  readonly vendorClass: string;
}

export interface DiscoverOptions {
  /** A transaction's number: where two questions have the same, their answers cannot be told apart. */
  readonly xid: () => number;
  /** dnsmasq pings an address for three seconds before it offers it. */
  readonly waitMs?: number;
  /** For tests, which may not broadcast: the broadcast address, where answers come to, and from which port we ask. */
  readonly everybody?: Endpoint;
  readonly listen?: Endpoint;
}

const WAIT_MS = 5_000;
const BROADCAST = 0x8000;
const ARCHITECTURES: Readonly<Record<PretendedFirmware, number>> = { BIOS: 0, 'UEFI x86_64': 7 };
/** What firmware asks for: addresses, and everything that can name a boot file. */
const ASKED = Buffer.from([1, 3, 6, 12, 15, 28, 43, 54, 60, 66, 67, 97]);

/**
 * Asks on each network as a BIOS and as a UEFI machine would, and gives every offer that came. An offer is not taken:
 * no address is leased. Answers are asked for as broadcasts, and heard on the broadcast address only, so a DHCP client
 * of this host misses nothing. Throws Failure `refused` where port 68 may not be opened.
 */
export async function discoverOffers(at: readonly DiscoverAt[], options: DiscoverOptions): Promise<readonly Offer[]> {
  const everybody = options.everybody ?? { address: '255.255.255.255', port: 67 };
  const listen = options.listen ?? { address: '255.255.255.255', port: 68 };
  const questions = at.flatMap((where) =>
    (['BIOS', 'UEFI x86_64'] as const).map((firmware) => ({ ...where, firmware, xid: options.xid() })),
  );
  const offers = new Map<string, Offer>();
  const socket = await bindUdp(listen.address, listen.port, { shared: true, onError: ignore });
  try {
    socket.on('message', (bytes, from) => {
      const parsed = parseDhcp(bytes);
      if (!parsed.ok || !isOffer(parsed.packet)) return;
      const question = questions.find(({ xid, mac }) => xid === parsed.packet.xid && mac === parsed.packet.mac);
      if (question === undefined) return;
      const { interfaceName, firmware } = question;
      const offer = { interfaceName, firmware, ...contents(parsed.packet, from.address) };
      // A server that is asked twice says the same twice.
      offers.set(JSON.stringify(offer), offer);
    });
    for (const secs of [0, 1]) {
      for (const question of questions) {
        await sendFrom(question.address, listen.port, discover(question, secs), everybody);
      }
      await wait((options.waitMs ?? WAIT_MS) / 2);
    }
  } finally {
    await closeUdp(socket);
  }
  return [...offers.values()];
}

/** One address of each interface that other machines can be on. */
export function askableNetworks(): readonly DiscoverAt[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, entries]) => {
    const entry = (entries ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
    return entry === undefined ? [] : [{ interfaceName, address: entry.address, mac: entry.mac }];
  });
}

function discover(question: { firmware: PretendedFirmware; mac: string; xid: number }, secs: number): Buffer {
  const architecture = ARCHITECTURES[question.firmware];
  const guid = Buffer.alloc(17);
  guid.write(question.mac.replaceAll(':', ''), 11, 6, 'hex');
  return encodeDhcp({
    op: BOOT_REQUEST,
    xid: question.xid,
    secs,
    flags: BROADCAST,
    mac: question.mac,
    options: [
      [OPTION.messageType, Buffer.from([MESSAGE.discover])],
      [55, ASKED],
      [OPTION.maxSize, Buffer.from([0x05, 0xc0])],
      [OPTION.uuid, guid],
      [94, Buffer.from([1, 3, 0])],
      [OPTION.architecture, Buffer.from([0, architecture])],
      [OPTION.vendorClass, Buffer.from(`PXEClient:Arch:${String(architecture).padStart(5, '0')}:UNDI:003000`)],
    ],
  });
}

/**
 * Sends one packet from an interface's own address, and closes the socket at once: for callers that ask seldom. A broadcast leaves
 * by the interface whose address the socket has (a wildcard's goes by the default route).
 */
export async function sendFrom(address: string, port: number, bytes: Buffer, to: Endpoint): Promise<void> {
  const socket = await bindUdp(address, port, { shared: true, onError: ignore });
  try {
    socket.setBroadcast(true);
    await sendUdp(socket, bytes, to);
  } finally {
    await closeUdp(socket);
  }
}

function isOffer(packet: DhcpPacket): boolean {
  const type = packet.options.get(OPTION.messageType);
  return packet.op === BOOT_REPLY && type?.length === 1 && type[0] === MESSAGE.offer;
}

function contents(packet: DhcpPacket, from: string): Omit<Offer, 'interfaceName' | 'firmware'> {
  const server = packet.options.get(OPTION.serverId);
  return {
    server: server?.length === 4 ? server.join('.') : from,
    yiaddr: packet.yiaddr,
    nextServer: packet.siaddr,
    file: printable(packet.file),
    option67: printable(packet.options.get(OPTION.bootFile)?.toString('latin1') ?? ''),
    option43: packet.options.get(OPTION.vendorSpecific)?.toString('hex') ?? '',
    vendorClass: printable(packet.options.get(OPTION.vendorClass)?.toString('latin1') ?? ''),
  };
}

/** It goes to a person's terminal: no answer from the network may move the cursor there. */
function printable(text: string): string {
  return text.replace(/\0+$/, '').replaceAll(/[^\x20-\x7e]/g, '?');
}

function ignore(): void {
  // A network that cannot be asked gives no offers; sending says why.
}
