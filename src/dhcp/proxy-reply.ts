import type { BootOffer } from '../boot/boot-programs.ts';
import { RASPBERRY_PI } from '../boot/raspberry-pi.ts';
import { omitUndefined } from '../model/machine.ts';
import type { Endpoint } from '../net/udp-socket.ts';
import { address, BOOT_REPLY, BOOT_REQUEST, type DhcpPacket, encodeDhcp, MESSAGE, OPTION } from './packet.ts';
import { netbootMachine, type NetbootMachine, raspberryPiOf } from './machine.ts';

/** Where a packet came from and where it arrived. */
export interface ProxyQuestion {
  readonly packet: DhcpPacket;
  /** 67: every server's port. 4011: the boot server's (PXE 2.1, 2.2.3). */
  readonly port: 67 | 4011;
  readonly from: Endpoint;
}

export interface ProxyPolicy {
  /** Our address as the asking machine reaches it: the receiving interface's. */
  readonly serverAddress: string;
  /** Relay agents (giaddr) that may ask: any other packet that names a relay could aim our answers at a victim. */
  readonly relays: ReadonlySet<string>;
  choose(machine: NetbootMachine): BootOffer;
}

export type ProxyAnswer =
  | {
      readonly kind: 'reply';
      readonly bytes: Buffer;
      readonly to: Endpoint;
      readonly machine: NetbootMachine;
      readonly file: string;
    }
  /** `reason` is one of a few fixed texts or the policy's own. */
  | { readonly kind: 'silence'; readonly reason: string; readonly machine?: NetbootMachine; readonly remedy?: string };

const UNSET = '0.0.0.0';
const EVERYBODY = '255.255.255.255';
const BROADCAST_FLAG = 0x8000;
/** PXE 2.1, discovery control: no boot server discovery, take the file named here. OVMF then needs no second round. */
const USE_THIS_FILE = Buffer.from([6, 1, 8, 255]);
/** PXE 2.1: the boot item that a client chose; a boot server repeats it. */
const BOOT_ITEM = 71;

/**
 * The whole of ProxyDHCP as a function: answers machines that netboot, and no others; says where to boot from, and
 * never offers an address or a lease.
 */
export function proxyReply(question: ProxyQuestion, policy: ProxyPolicy): ProxyAnswer {
  const { packet, port } = question;
  if (packet.op !== BOOT_REQUEST) return silence('not a request');
  const type = answerType(question, policy);
  if (typeof type === 'string') return silence(type);
  if (packet.giaddr !== UNSET && !policy.relays.has(packet.giaddr)) return silence('unknown relay');
  const asked = netbootMachine(packet);
  const machine = asked === RASPBERRY_PI ? raspberryPiOf(packet) : asked;
  if (typeof machine === 'string') return silence(machine);
  const choice = policy.choose(machine);
  if ('silence' in choice && choice.silence === RASPBERRY_PI) return silence(RASPBERRY_PI);
  if ('silence' in choice)
    return omitUndefined({ kind: 'silence' as const, reason: choice.silence, machine, remedy: choice.remedy });
  const to = destination(question);
  const bytes = encodeDhcp({
    op: BOOT_REPLY,
    xid: packet.xid,
    // Without an address of the machine in the answer, a relay can pass it on as a broadcast only (RFC 1542 4.1.2).
    flags: to === question.from ? packet.flags : packet.flags | BROADCAST_FLAG,
    ciaddr: port === 4011 || type === MESSAGE.ack ? packet.ciaddr : UNSET,
    // iPXE finds "nothing to boot" without it, even where the file is a URL.
    siaddr: policy.serverAddress,
    giaddr: packet.giaddr,
    mac: packet.mac,
    // The field holds 127 bytes and a zero; what is longer goes into option 67 alone.
    file: choice.file.length <= 127 ? choice.file : undefined,
    options: replyOptions(type, packet, machine, choice.file, policy.serverAddress),
  });
  return { kind: 'reply', bytes, to, machine, file: choice.file };
}

/**
 * 67: an offer to a DISCOVER, an ACK to a REQUEST that names us (some firmware asks the proxy so). 4011: always an ACK.
 * A REQUEST for another server is that server's.
 */
function answerType({ packet, port }: ProxyQuestion, policy: ProxyPolicy): number | string {
  const type = packet.options.get(OPTION.messageType);
  if (type?.length !== 1) return 'no message type';
  if (type[0] === MESSAGE.discover) return port === 67 ? MESSAGE.offer : 'a discover on 4011';
  if (type[0] === MESSAGE.inform && port === 4011) return MESSAGE.ack;
  if (type[0] !== MESSAGE.request) return 'not a question for a proxy';
  const server = packet.options.get(OPTION.serverId);
  const named = server?.length === 4 ? server.join('.') : undefined;
  if (port === 4011) return named === undefined || named === policy.serverAddress ? MESSAGE.ack : 'for another server';
  return named === policy.serverAddress ? MESSAGE.ack : 'for another server';
}

function replyOptions(
  type: number,
  packet: DhcpPacket,
  machine: NetbootMachine,
  file: string,
  server: string,
): [number, Buffer][] {
  const options: [number, Buffer][] = [
    [OPTION.messageType, Buffer.from([type])],
    [OPTION.serverId, address(server)],
    ...bootOptions(packet, machine, file),
  ];
  // RFC 3046 2.2: as it came, and last. A relay finds the port of its answer by it.
  const relayAgent = packet.options.get(OPTION.relayAgent);
  if (relayAgent !== undefined) options.push([OPTION.relayAgent, relayAgent]);
  return options;
}

/** What tells firmware that this answer names its boot program. */
export function bootOptions(packet: DhcpPacket, machine: NetbootMachine, file: string): [number, Buffer][] {
  const guid = packet.options.get(OPTION.uuid);
  const options: [number, Buffer][] = [
    [OPTION.vendorClass, Buffer.from(machine.vendorClass)],
    ...(file === '' ? [] : [[OPTION.bootFile, Buffer.from(file, 'latin1')] as [number, Buffer]]),
  ];
  if (guid !== undefined && guid.length > 0) options.push([OPTION.uuid, guid]);
  if (machine.vendorClass === 'PXEClient')
    options.push([OPTION.vendorSpecific, machine.raspberryPi === undefined ? vendorOptions(packet) : PI_OPTIONS]);
  return options;
}

/**
 * What the firmware of a Raspberry Pi looks for, byte for byte: discovery control 3, the prompt `PXE` without a wait, and
 * one boot item, whose words it knows.
 */
const PI_OPTIONS = Buffer.concat([
  Buffer.from([6, 1, 3, 10, 4, 0]),
  Buffer.from('PXE'),
  Buffer.from([9, 20, 0, 0, 17]),
  Buffer.from('Raspberry Pi Boot'),
  Buffer.from([255]),
]);

function vendorOptions(packet: DhcpPacket): Buffer {
  const asked = packet.options.get(OPTION.vendorSpecific);
  const isItem = asked?.[0] === BOOT_ITEM && asked[1] === 4 && asked.length >= 6;
  return isItem ? Buffer.concat([asked.subarray(0, 6), Buffer.from([255])]) : USE_THIS_FILE;
}

/** Never to where the packet alone says: a relay is a configured one, and on 4011 the one that sent the packet. */
function destination({ packet, port, from }: ProxyQuestion): Endpoint {
  if (packet.giaddr !== UNSET) return { address: packet.giaddr, port: 67 };
  if (port === 4011 && from.address !== UNSET) return from;
  return { address: EVERYBODY, port: 68 };
}

function silence(reason: string): ProxyAnswer {
  return { kind: 'silence', reason };
}
