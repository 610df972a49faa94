import type { FileDiagnostic } from '../model/failure.ts';
import { IDENTITY_KEYS, knownBy, type MachineFacts } from '../model/machine.ts';
import type { Node, Profile } from '../model/profile.ts';
import type { Decision, Slots } from './decide.ts';
import type { ReadProfile } from './read-profile.ts';
import type { Match, Snapshot } from './snapshot.ts';
import type { Slot } from './read-document.ts';

/** A catalog of nothing: before it was read. */
export const EMPTY_SNAPSHOT: Snapshot = {
  generation: 0,
  profiles: new Map(),
  documents: new Map(),
  keys: new Map(),
  secrets: new Map(),
  sources: new Map(),
  problems: [],
  installs: false,
  match: () => undefined,
  held: () => undefined,
};

/** Indexes a decision: a machine is found by one look for each of its identities. */
export function makeSnapshot(generation: number, slots: Slots, decision: Decision): Snapshot {
  const read = [...decision.profiles.values()];
  const profiles = read.map(({ profile }) => profile);
  const machines = indexNodes(read);
  const held = indexHeld(slots.profiles, decision);
  const fallback = profiles.find((profile) => profile.default);

  function heldFor(facts: MachineFacts): FileDiagnostic | undefined {
    if (held.size === 0 || node(facts) !== undefined) return undefined;
    for (const key of IDENTITY_KEYS) {
      const problem = held.get(`${key} ${knownBy(facts, key) ?? ''}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  function node(facts: MachineFacts): Match | undefined {
    for (const key of IDENTITY_KEYS) {
      const value = knownBy(facts, key);
      const found = value === undefined ? undefined : machines.get(`${key} ${value}`);
      if (found !== undefined) return { ...found, by: key };
    }
    return undefined;
  }

  return {
    generation,
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
    documents: new Map([...decision.documents.values()].map((document) => [document.fileName, document])),
    keys: new Map([...decision.keys.values()].map((key) => [key.name, key])),
    secrets: decision.secrets,
    sources: new Map(read.map(({ profile, bytes }) => [profile.name, bytes])),
    problems: decision.problems,
    installs: profiles.some(({ install, boot }) => install !== undefined && boot !== 'local'),
    match(facts) {
      const found = node(facts);
      if (found !== undefined || fallback === undefined || heldFor(facts) !== undefined) return found;
      return { profile: fallback, by: 'default' };
    },
    held: heldFor,
  };
}

interface Machine {
  readonly profile: Profile;
  readonly node: Node;
}

function indexNodes(profiles: readonly ReadProfile[]): ReadonlyMap<string, Machine> {
  const machines = new Map<string, Machine>();
  for (const { profile, claims } of profiles) {
    for (const { id, node: index } of claims) {
      const node = profile.nodes[index];
      if (node !== undefined) machines.set(id, { profile, node });
    }
  }
  return machines;
}

/** The machines named by files that are not in force as they are on disk, with the reason why they are not. */
function indexHeld(slots: readonly Slot<ReadProfile>[], decision: Decision): ReadonlyMap<string, FileDiagnostic> {
  const held = new Map<string, FileDiagnostic>();
  for (const slot of slots) {
    const { thing, names } = slot.latest;
    if (thing !== undefined && decision.profiles.get(slot) === thing) continue;
    const reason = decision.problems.find(({ severity, place }) => severity === 'error' && place.file === slot.file);
    if (reason === undefined) continue;
    for (const id of names ?? []) held.set(id, reason);
    for (const { id } of thing?.claims ?? []) held.set(id, reason);
  }
  return held;
}
