import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { Journal } from '../journal/journal.ts';
import type { LogLine } from '../model/log-views.ts';
import { machineKey, type MachineKey, nodeFacts } from '../model/machine.ts';
import { hideTokens } from '../model/plan.ts';
import type { Neighbours } from '../net/neighbours.ts';
import type { SyslogMessage } from '../syslog/message.ts';

export interface LogRecorderOptions {
  readonly catalog: Pick<Catalog, 'current'>;
  readonly journal: Pick<Journal, 'log'>;
  readonly neighbours: Pick<Neighbours, 'macOf'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** So long an address is believed to be the same network card's: no lease is given to another faster. */
const FRESH_MS = 10_000;
const ADDRESSES = 1024;
/** Lines of an address that wait for the answer whose it is. */
const WAITING = 1000;

interface Card {
  readonly at: number;
  key?: MachineKey | undefined;
  /** Undefined once the kernel has answered. */
  waiting: LogLine[] | undefined;
}

/** Says in the journal's words what machines log: who it may have been, and without what is theirs alone. */
export function createLogRecorder({ catalog, journal, neighbours, now }: LogRecorderOptions) {
  const cards = new Map<string, Card>();
  const nodesFor = createNodeIndex(catalog);
  const secretsOf = createSecretTexts(catalog);

  function ask(address: string): Card {
    const card: Card = { at: now(), waiting: [] };
    cards.delete(address);
    cards.set(address, card);
    // The first of a map is the one asked for longest ago.
    if (cards.size > ADDRESSES) cards.delete(cards.keys().next().value ?? address);
    const known = (mac?: MachineKey): void => {
      card.key = mac;
      for (const line of card.waiting ?? []) journal.log(withCard(line, card));
      card.waiting = undefined;
    };
    neighbours.macOf(address).then(known, () => {
      known();
    });
    return card;
  }

  return {
    /** False where there is no room for it. */
    logged: (from: string, { host, ...said }: SyslogMessage): boolean => {
      const at = now();
      const nodes = nodesFor(from, host);
      const line: LogLine = { ...said, at, from, ...(nodes.length > 0 && { nodes }) };
      const known = cards.get(from);
      const card = known !== undefined && Math.abs(at - known.at) < FRESH_MS ? known : ask(from);
      if (card.waiting === undefined) return journal.log(withCard(line, card));
      if (card.waiting.length >= WAITING) return false;
      card.waiting.push(line);
      return true;
    },
    /**
     * A line without what this server has given out: tokens in addresses, which a kernel prints with its command line, and
     * secrets in documents.
     */
    hide: (text: string): string => {
      const hidden = hideTokens(text);
      return secretsOf().reduce((line, [name, secret]) => line.replaceAll(secret, `(${name})`), hidden);
    },
  };
}

function withCard(line: LogLine, { key }: Card): LogLine {
  return key === undefined ? line : { ...line, card: key };
}

/** Which nodes an address and a name may be: the first by its address. */
function createNodeIndex(catalog: Pick<Catalog, 'current'>) {
  let of: Snapshot | undefined;
  let byAddress = new Map<string, MachineKey | undefined>();
  let byName = new Map<string, MachineKey | undefined>();

  function index(snapshot: Snapshot): void {
    of = snapshot;
    byAddress = new Map();
    byName = new Map();
    for (const node of [...snapshot.profiles.values()].flatMap(({ nodes }) => nodes)) {
      const key = machineKey(nodeFacts(node));
      if (key === undefined) continue;
      // A name that two have is none.
      const name = node.name.toLowerCase();
      byName.set(name, byName.has(name) ? undefined : key);
      if (node.ip !== undefined) byAddress.set(node.ip, byAddress.has(node.ip) ? undefined : key);
    }
  }

  return (address: string, host: string | undefined): readonly MachineKey[] => {
    const snapshot = catalog.current();
    if (snapshot !== of) index(snapshot);
    const name = host?.toLowerCase() ?? '';
    const named = byName.get(name) ?? byName.get(name.split('.')[0] ?? '');
    return [byAddress.get(address), named].filter((key) => key !== undefined);
  };
}

/** What is shorter stands in lines that tell no secret. */
const SHORTEST = 6;

/** The secrets that documents may hold, the longest first: one may be a part of another. */
function createSecretTexts(catalog: Pick<Catalog, 'current'>): () => readonly (readonly [string, string])[] {
  let of: Snapshot | undefined;
  let texts: readonly (readonly [string, string])[] = [];
  return () => {
    const snapshot = catalog.current();
    if (snapshot === of) return texts;
    of = snapshot;
    texts = [...snapshot.secrets]
      .flatMap(([name, text]) => (typeof text === 'string' ? [[name, text.trim()] as const] : []))
      .filter(([, text]) => text.length >= SHORTEST)
      .sort(([, a], [, b]) => b.length - a.length);
    return texts;
  };
}
