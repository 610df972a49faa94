import { isIPv4 } from 'node:net';
import { Failure } from '../model/failure.ts';
import { parseMac } from '../model/machine.ts';
import type { PowerDriver, WakePower } from '../model/power.ts';
import type { Node } from '../model/profile.ts';
import { type LocalAddress, localAddresses } from '../net/addresses.ts';
import { bindUdp, closeUdp, sendUdp } from '../net/udp-socket.ts';

/** Discard, the port that every manual names; a card looks at the bytes alone. */
const PORT = 9;

/** Six bytes ff, the card's address sixteen times, and what SecureOn asks for: four or six bytes. */
export function magicPacket(mac: string, secureon: Buffer = Buffer.alloc(0)): Buffer {
  const card = Buffer.from(mac.replaceAll(/[^0-9A-Fa-f]/g, ''), 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array<Buffer>(16).fill(card), secureon]);
}

/** `01:23:45:67:89:ab` or `1.2.3.4`, as etherwake takes it. Throws Failure `broken`, without the text. */
export function parseSecureOn(text: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$/.test(trimmed))
    return Buffer.from(trimmed.replaceAll(/[:-]/g, ''), 'hex');
  if (isIPv4(trimmed)) return Buffer.from(trimmed.split('.').map(Number));
  throw new Failure('broken', 'the SecureOn password is neither six bytes nor four', {
    remedy: 'write it as 01:23:45:67:89:ab or as 1.2.3.4',
  });
}

/** Where a packet leaves, and where to. */
export interface WakeTarget {
  /** Of this host. */
  readonly from: string;
  readonly to: string;
  readonly interfaceName: string;
}

/**
 * By which interfaces the packet goes: the named one, else the one whose network holds the node's address, else all of
 * them, because a card has no address while it sleeps. Throws Failure `not-found` where there is none.
 */
export function wakeTargets(
  { interface: name, broadcast }: Pick<WakePower, 'broadcast' | 'interface'>,
  ip: string | undefined,
  local: readonly LocalAddress[],
): readonly WakeTarget[] {
  const all = local.filter(({ family, internal }) => family === 4 && !internal);
  const named = all.filter(({ interfaceName }) => interfaceName === name);
  if (name !== undefined && named.length === 0) {
    const names = [...new Set(all.map(({ interfaceName }) => interfaceName))].join(', ');
    throw new Failure('not-found', `this server has no interface ${name} with an IPv4 address`, {
      remedy: names === '' ? 'it has none at all now' : `it has ${names}`,
    });
  }
  if (broadcast !== undefined) {
    const [first] = named;
    return [{ from: first?.address ?? '0.0.0.0', to: broadcast, interfaceName: name ?? 'the route to it' }];
  }
  const target = ip ?? '';
  const near = isIPv4(target) ? all.filter((own) => isWithin(target, own)) : [];
  const chosen = name !== undefined ? named : near.length > 0 ? near : all;
  if (chosen.length === 0) throw new Failure('unavailable', 'this server has no IPv4 address to send a packet from');
  return chosen.map((own) => ({ from: own.address, to: broadcastOf(own), interfaceName: own.interfaceName }));
}

function isWithin(ip: string, { address, netmask = '255.255.255.255' }: LocalAddress): boolean {
  return (number(ip) & number(netmask)) === (number(address) & number(netmask));
}

function broadcastOf({ address, netmask = '255.255.255.255' }: LocalAddress): string {
  const all = (number(address) | ~number(netmask)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (all >>> shift) & 255).join('.');
}

function number(ip: string): number {
  return ip.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
}

/** `wol`: it wakes a machine that sleeps; whether it did shows when the machine boots. */
export function wakeDriver(
  wake: WakePower,
  node: Pick<Node, 'ip' | 'mac'>,
  secret: () => Promise<string | undefined>,
  local: () => readonly LocalAddress[] = localAddresses,
): PowerDriver {
  const mac = parseMac(wake.mac ?? '') ?? node.mac;
  return {
    by: 'Wake-on-LAN',
    does: ['on'],
    controller: `wake ${mac ?? ''}`,
    async act() {
      if (mac === undefined) {
        throw new Failure('conflict', 'Wake-on-LAN needs the MAC address of the card', {
          remedy: 'add "mac" to the node, or to its "wol"',
        });
      }
      const password = await secret();
      const packet = magicPacket(mac, password === undefined ? undefined : parseSecureOn(password));
      const targets = wakeTargets(wake, node.ip, local());
      for (const target of targets) await sendFrom(target, packet);
      const where = targets.map(({ to, interfaceName }) => `${to} (${interfaceName})`).join(', ');
      return { text: `magic packet for ${mac} sent to ${where}; whether it woke shows when it boots` };
    },
  };
}

async function sendFrom({ from, to, interfaceName }: WakeTarget, packet: Buffer): Promise<void> {
  const socket = await bindUdp(from, 0, { onError: () => undefined });
  try {
    socket.setBroadcast(true);
    await sendUdp(socket, packet, { address: to, port: PORT });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new Failure('unavailable', `the magic packet cannot leave by ${interfaceName} (${code})`, {
      remedy: 'is the interface up, and does the address belong to its network?',
      cause,
    });
  } finally {
    await closeUdp(socket);
  }
}
