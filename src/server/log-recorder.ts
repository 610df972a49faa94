import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { Journal } from '../journal/journal.ts';
import type { LogLine } from '../model/machine-views.ts';
import { machineKey, type MachineKey, nodeFacts } from '../model/machine.ts';
import { hideTokens } from '../model/plan.ts';
import type { Neighbours } from '../net/neighbours.ts';
import { printable, type SyslogMessage } from '../syslog/message.ts';

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
  const withoutSecrets = createSecretHider(catalog);

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
    hide: (text: string): string => withoutSecrets(hideTokens(text)),
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

/** What is printed of a secret of several lines, such as a key, comes line by line. */
function linesOf(secret: string): readonly string[] {
  return secret.split(/[\r\n]+/).map((line) => printable(line).trim());
}

type SecretText = readonly [name: string, text: string];

/**
 * Leaves out the secrets that documents may hold. There may be one for each of ten thousand nodes: they are found by how
 * they begin, in one walk over the line. Of several at one place the longest goes: one may be a part of another.
 */
function createSecretHider(catalog: Pick<Catalog, 'current'>): (line: string) => string {
  let of: Snapshot | undefined;
  let byBeginning = new Map<string, SecretText[]>();

  function index({ secrets }: Snapshot): void {
    byBeginning = new Map();
    const known = new Set<string>();
    for (const [name, secret] of secrets) {
      for (const text of typeof secret === 'string' ? linesOf(secret) : []) {
        if (text.length < SHORTEST || known.has(text)) continue;
        known.add(text);
        const beginning = text.slice(0, SHORTEST);
        const same = byBeginning.get(beginning);
        if (same === undefined) byBeginning.set(beginning, [[name, text]]);
        else same.push([name, text]);
      }
    }
    for (const same of byBeginning.values()) same.sort((a, b) => b[1].length - a[1].length);
  }

  return (line) => {
    const snapshot = catalog.current();
    if (snapshot !== of) index(snapshot);
    of = snapshot;
    if (byBeginning.size === 0) return line;
    let shown = '';
    let from = 0;
    for (let at = 0; at + SHORTEST <= line.length; at += 1) {
      const found = byBeginning.get(line.slice(at, at + SHORTEST))?.find(([, text]) => line.startsWith(text, at));
      if (found === undefined) continue;
      shown += `${line.slice(from, at)}(${found[0]})`;
      from = at + found[1].length;
      at = from - 1;
    }
    return shown + line.slice(from);
  };
}
