/** Option codes that this house reads or writes (RFC 2132, 4578; 175 is iPXE's own). */
export const OPTION = {
  pad: 0,
  vendorSpecific: 43,
  requestedAddress: 50,
  lease: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  maxSize: 57,
  vendorClass: 60,
  bootFile: 67,
  userClass: 77,
  relayAgent: 82,
  architecture: 93,
  uuid: 97,
  ipxe: 175,
  end: 255,
} as const;

/** RFC 2132 9.6. */
export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export const BOOT_REQUEST = 1;
export const BOOT_REPLY = 2;
/** The fixed part (236 bytes) and the magic cookie. */
export const HEADER = 240;
export const MAGIC = 0x63825363;
/** One Ethernet frame's payload: no client's request is longer. */
export const MAX_PACKET = 1500;

/** What is in force of a DHCP packet. Addresses are dotted, `0.0.0.0` when unset. */
export interface DhcpPacket {
  readonly op: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** Six lower-case pairs with colons. Only Ethernet (htype 1, hlen 6) is read. */
  readonly mac: string;
  /** The boot file field, unless it was overloaded with options. */
  readonly file: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

/** `255.255.255.255`. */
export function dotted(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}
