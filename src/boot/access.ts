import type { Match } from '../catalog/snapshot.ts';
import type { MarkView } from '../machines/claims.ts';
import type { SeenToken, TokenSource } from '../machines/machine-token.ts';
import type { InstallMark } from '../machines/mark.ts';
import { Failure } from '../model/failure.ts';
import { identityOf, type InstallIdentity, type Mac, type MachineFacts, type MachineKey } from '../model/machine.ts';
import type { Question } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import type { MachineToken } from '../model/plan.ts';
import type { Incident } from './incidents.ts';

/** What a machine's own addresses carry. */
export interface LinkTokens {
  /** For documents, its installer and what it reports. */
  readonly boot: MachineToken;
  /** For saying that it is up: may lie on its disk. Absent in a script, where no such address stands. */
  readonly up?: MachineToken;
}

/** The setting: whether reports count without a token. Undefined: that a machine is up does, that it is installed not. */
export type ReportPolicy = 'open' | 'token' | undefined;

export interface AccessOptions {
  readonly tokens: TokenSource;
  readonly marks: Pick<MarkView, 'of'>;
  /** The network card at an address, as far as this host's wires tell. */
  readonly macOf: (address: string) => Promise<Mac | undefined>;
  /**
   * The card to which our own DHCP server gave an address. It proves nothing, because each machine can ask in another's
   * name; it contradicts.
   */
  readonly leasedTo?: (address: string) => Mac | undefined;
  /** Whether an address is in a network whose machines are believed, because nothing here can tell them apart. */
  readonly isRouted: (address: string) => boolean;
  readonly reports: ReportPolicy;
  readonly onIncident: (incident: Incident) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Asked = Pick<Question, 'asker' | 'facts' | 'token'>;

/** A report, and whom it is about. */
export interface ReportQuestion extends Asked {
  readonly what: 'installed' | 'up';
  readonly who: InstallIdentity | undefined;
  readonly mark: InstallMark | undefined;
  readonly profile: Profile | undefined;
}

export type Access = ReturnType<typeof createAccess>;

/** A machine that is not installed may ask with its token for so long: a system that boots from memory asks within minutes. */
const LIVE_MS = 86_400_000;
/** Its unit says that it is up for a day at most after that. */
const LIVE_UP_MS = 2 * LIVE_MS;

/** Who may have what is one machine's alone: the servers ask here; previews of operators do not. */
export function createAccess(options: AccessOptions) {
  const { tokens, marks, macOf, leasedTo, isRouted, reports, onIncident, now } = options;
  const fetches = countFetches();

  /** Whether what a machine of this profile boots carries a token. */
  function carries({ profile }: Pick<Match, 'profile'>): boolean {
    return profile.install !== undefined || profile.secrets || reports === 'token';
  }

  /** The token for what a machine boots. `claim`: of its installation; 0 where it is not installed. */
  function issue(who: InstallIdentity, claim: number, asker: string | undefined): LinkTokens {
    return { boot: tokens.issue({ kind: 'boot', claim, issued: now() }, who.key, asker ?? '') };
  }

  /**
   * Why nothing secret may leave for the address that asks: undefined when it is that machine's, as far as this network
   * can tell. What leaves goes to the card that the kernel's table names.
   */
  async function stranger(match: Match, { facts, asker }: Asked): Promise<string | undefined> {
    if (!match.profile.secrets || asker === undefined) return undefined;
    const why = await contradiction(match, facts, asker);
    if (why === undefined) return undefined;
    onIncident({ facts: machineOf(match, facts), from: asker, text: `${why}, and it asked for its script` });
    return why;
  }

  /** Undefined where the address is the machine's. `known`: it has proved itself from that address before. */
  async function contradiction(
    match: Match,
    facts: MachineFacts,
    asker: string,
    known = false,
  ): Promise<string | undefined> {
    const mac = cardOf(match, facts);
    if (mac === undefined) {
      return `${asker} cannot be told from ${nameOf(match, facts)}: ${match.profile.file} lists it without its "mac"`;
    }
    const there = await macOf(asker);
    if (there === mac) return undefined;
    if (there !== undefined) return `${asker} is not ${nameOf(match, facts)}: its neighbour entry says ${there}`;
    const leased = leasedTo?.(asker);
    if (leased !== undefined && leased !== mac) {
      return `${asker} is not ${nameOf(match, facts)}: that address was given to ${leased}`;
    }
    if (known || isRouted(asker)) return undefined;
    return `${asker} is not known to be ${nameOf(match, facts)}: it has no neighbour entry here`;
  }

  /**
   * Whether a document may leave, and what the addresses in it carry. Throws Failure `refused`. `of`: the document's name.
   * A profile without `secrets` sends its documents to any client; a token that comes with the question goes on into it.
   */
  async function document(match: Match, question: Asked, of: string): Promise<LinkTokens | undefined> {
    const { facts, asker = '', token } = question;
    const identity = identityOf(facts, match);
    const mark = identity === undefined ? undefined : marks.of(identity);
    const seen = token === undefined ? undefined : verified(token, namesOf(identity, mark), asker);
    const why = whyNot(seen, 'boot', mark, token);
    const { secrets } = match.profile;
    if (secrets) await refuseStranger(match, question, of, seen, why);
    if (why !== undefined || seen === undefined || identity === undefined || token === undefined) return undefined;
    if (secrets) countFetch(match, question, of, token);
    const up = tokens.issue({ kind: 'up', claim: seen.claim, issued: now() }, identity.key, asker);
    return { boot: token as MachineToken, up };
  }

  /** A document of a profile that keeps secrets, asked for by its name alone or for another profile's machine. */
  function stray(file: string, { asker = '' }: Asked, of: string): Failure {
    onIncident({ facts: {}, from: asker, text: `${asker} asked for ${of} by its name, which ${file} keeps: refused` });
    return refused(`${of} belongs to ${file}, which keeps secrets: it goes to its machines alone`);
  }

  async function refuseStranger(
    match: Match,
    { facts, asker = '' }: Asked,
    of: string,
    seen: SeenToken | undefined,
    why: string | undefined,
  ): Promise<void> {
    const machine = machineOf(match, facts);
    const incident = (text: string): void => {
      onIncident({ facts: machine, from: asker, text });
    };
    const about = `${of} of ${nameOf(match, facts)}`;
    if (why !== undefined) {
      incident(`${asker} asked for ${about} ${why}: it got nothing`);
      throw refused(`${match.profile.file} keeps secrets, and its documents go to the machine alone: asked ${why}`);
    }
    const other = await contradiction(match, facts, asker, seen?.sameAddress);
    if (other !== undefined) {
      incident(`${other}: it got nothing of ${about}`);
      throw refused(`${match.profile.file} keeps secrets, and its documents go to the machine alone`);
    }
    if (seen?.sameAddress === false) {
      incident(`${asker} got ${about} with a token that was given to another address: its network card fits`);
    }
  }

  function countFetch(match: Match, { facts, asker }: Asked, of: string, token: string): void {
    const times = fetches(token, of);
    if (times !== USUAL_FETCHES + 1) return;
    const text = `${of} of ${nameOf(match, facts)} is fetched more often than its system does: ${times} times since its script`;
    onIncident({ facts: machineOf(match, facts), from: asker, text });
  }

  /** Why a report does not count; undefined: it does. */
  function report(question: ReportQuestion): string | undefined {
    const { what, who, mark, profile, token, asker, facts } = question;
    if (!needsToken(question)) return undefined;
    const seen = token === undefined ? undefined : verified(token, namesOf(who, mark), asker);
    const why = reportFault(question, seen);
    if (why === undefined) return undefined;
    const done = what === 'up' ? 'is up' : 'is installed';
    const name = profile?.nodes.find(({ mac }) => mac !== undefined && mac === facts.mac)?.name;
    const machine = name ?? who?.key ?? 'a machine';
    onIncident({ facts, from: asker, text: `${asker ?? 'a client'} reported that ${machine} ${done} ${why}: refused` });
    return why;
  }

  function needsToken({ what, mark, profile }: ReportQuestion): boolean {
    const strict = reports === 'token' || profile?.secrets === true;
    if (!strict && (reports === 'open' || what === 'up')) return false;
    const state = mark?.broken === undefined ? mark?.state : undefined;
    // Its installer left without a token: before there were any, or by a way that carries none.
    const old = mark?.tokens === undefined && state !== undefined && state !== 'seen';
    return !old;
  }

  function reportFault({ what, mark, token }: ReportQuestion, seen: SeenToken | undefined): string | undefined {
    // A late report of an old installer ends nothing, whatever its claim was.
    if (what === 'installed' && seen?.kind === 'boot' && mark?.state === 'erase-pending') return undefined;
    if (what === 'installed' && seen !== undefined && seen.claim === 0) return 'with a token of no installation';
    return whyNot(seen, what === 'up' ? 'up' : 'reports', mark, token);
  }

  function verified(token: string, names: readonly MachineKey[], asker: string | undefined): SeenToken | undefined {
    return tokens.verify(token, names, asker);
  }

  /** `without a token`, `with a token that ...`; undefined when the token is good for this. */
  function whyNot(
    seen: SeenToken | undefined,
    use: 'boot' | 'reports' | 'up',
    mark: InstallMark | undefined,
    token: string | undefined,
  ): string | undefined {
    if (token === undefined) return 'without a token';
    if (seen === undefined) return 'with a token that is not of this machine';
    if (use !== 'up' && seen.kind !== 'boot') return 'with a token that only says that it is up';
    if (seen.claim === 0) {
      const age = now() - seen.issued;
      return age <= (use === 'up' ? LIVE_UP_MS : LIVE_MS) ? undefined : 'with a token that is too old';
    }
    if (mark?.tokens !== seen.claim) return 'with a token of an installation that is over';
    // The report ends what the installer may ask for; it may be repeated.
    if (use === 'boot' && mark.state !== 'claimed' && mark.state !== 'installing') {
      return 'with a token of an installation that is over';
    }
    return undefined;
  }

  return { carries, issue, stranger, document, stray, report };
}

function refused(message: string): Failure {
  return new Failure('refused', message, {
    remedy: 'the machine gets its addresses, with a token, by its boot script',
  });
}

/** Under which a token of this machine may have been given out: names that its profile or its mark vouch for. */
function namesOf(identity: InstallIdentity | undefined, mark: InstallMark | undefined): readonly MachineKey[] {
  const names = identity === undefined ? [] : [identity.key, ...identity.also];
  return mark === undefined || names.includes(mark.key) ? names : [...names, mark.key];
}

/** The card by which the network knows the machine. What a client says counts only where no profile lists the machine. */
function cardOf({ node, by }: Match, { mac }: MachineFacts): Mac | undefined {
  return node === undefined || by === 'choice' || by === 'default' ? mac : node.mac;
}

/** Whom an incident is about: what its profile knows it by, never what a stranger adds. */
function machineOf({ node, by }: Match, facts: MachineFacts): MachineFacts {
  const { mac = facts.mac } = node ?? {};
  if (mac !== undefined && (by === 'mac' || node === undefined)) return { mac };
  return by === 'uuid' || by === 'serial' ? { [by]: facts[by] } : { mac: facts.mac };
}

function nameOf({ node }: Match, { mac, uuid, serial }: MachineFacts): string {
  return node?.mac ?? node?.name ?? mac ?? uuid ?? serial ?? 'that machine';
}

/** cloud-init looks at each file twice, Ignition once; every system tries again when a connection was cut. */
const USUAL_FETCHES = 4;
const MOST_COUNTED = 20_000;

/** How often each document was fetched with a token. */
function countFetches(): (token: string, of: string) => number {
  const counts = new Map<string, number>();
  return (token, of) => {
    const key = `${token} ${of}`;
    const times = (counts.get(key) ?? 0) + 1;
    counts.delete(key);
    counts.set(key, times);
    for (const oldest of counts.keys()) {
      if (counts.size <= MOST_COUNTED) break;
      counts.delete(oldest);
    }
    return times;
  };
}
