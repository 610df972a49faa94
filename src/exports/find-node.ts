import { Failure } from '../model/failure.ts';
import { nearest } from '../model/nearest.ts';
import type { Node, Profile } from '../model/profile.ts';

/** The node of that name. Throws Failure `not-found` with the nearest one's name. */
export function findNode(profiles: Iterable<Profile>, name: string): { profile: Profile; node: Node } {
  const all = [...profiles].flatMap((profile) => profile.nodes.map((node) => ({ profile, node })));
  const found = all.find(({ node }) => node.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    all.map(({ node }) => node.name),
  );
  throw new Failure('not-found', `no profile has a node called ${JSON.stringify(name)}`, {
    remedy: near === undefined ? '`pilotlight export hosts` lists them' : `did you mean ${near}?`,
  });
}
