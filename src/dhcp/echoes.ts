import { OPTION, type DhcpPacket } from './packet.ts';

/** No firmware asks again so soon: retries begin at a second. */
const WINDOW_MS = 250;
const MOST = 4096;

/**
 * True for a broadcast that was heard a moment ago already: a host with two interfaces in one network hears each of them
 * twice. `now`: milliseconds of any steady clock.
 */
export function createEchoes(): (packet: DhcpPacket, now: number) => boolean {
  const heard = new Map<string, number>();
  return (packet, now) => {
    const type = packet.options.get(OPTION.messageType)?.[0] ?? 0;
    const key = `${packet.mac} ${packet.xid} ${type} ${packet.secs} ${packet.giaddr} ${packet.hops}`;
    const before = heard.get(key);
    if (before !== undefined && now - before < WINDOW_MS) return true;
    heard.delete(key);
    heard.set(key, now);
    if (heard.size > MOST) heard.delete(heard.keys().next().value ?? key);
    return false;
  };
}
