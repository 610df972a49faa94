/** A small generator of chance that gives the same run for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A packet of random bytes, or one of `seeds` cut, stretched or with some bytes changed. */
export function mutant(random: () => number, seeds: readonly Buffer[], longest = 600): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  const seed = seeds[below(seeds.length + 1)];
  if (seed === undefined) return Buffer.from(Array.from({ length: below(longest) }, () => below(256)));
  let packet = Buffer.from(seed);
  switch (below(4)) {
    case 0:
      packet = packet.subarray(0, below(packet.length + 1));
      break;
    case 1:
      packet = Buffer.concat([packet, Buffer.from(Array.from({ length: below(64) }, () => below(256)))]);
      break;
    case 2: {
      const at = below(packet.length);
      packet = Buffer.concat([packet.subarray(0, at), packet.subarray(Math.min(packet.length, at + below(16)))]);
      break;
    }
    default:
      break;
  }
  for (let i = below(6); i > 0 && packet.length > 0; i -= 1) packet[below(packet.length)] = below(256);
  return packet;
}
