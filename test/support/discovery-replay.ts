/** One question of a client of etcd's v2 API and what real etcd answered. */
export interface Exchange {
  readonly n: number;
  readonly client?: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly contentType?: string;
    readonly body?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: EtcdBody;
  };
}

interface EtcdNode {
  readonly key: string;
  readonly value?: string;
  readonly nodes?: readonly EtcdNode[];
  readonly createdIndex: number;
  readonly modifiedIndex: number;
}

interface EtcdBody {
  readonly action?: string;
  readonly node?: EtcdNode;
  readonly errorCode?: number;
  readonly cause?: string;
  readonly index?: number;
}

export interface Recording {
  readonly exchanges: readonly Exchange[];
}

export interface Replayed {
  readonly n: number;
  readonly wanted: unknown;
  readonly got: unknown;
}

/**
 * Asks `url` everything that was asked of real etcd, in the same order, and gives both answers without what may differ:
 * where the index began, the order of a list that was not asked to be sorted (clients sort by createdIndex), and what
 * etcd says of itself. One exchange is left out: real etcd tells a watch from index 1 of the hidden size key, which no
 * member asks for.
 */
export async function replay(url: string, recording: Recording, headers: Record<string, string>): Promise<Replayed[]> {
  const first = recording.exchanges.find(({ response }) => response.status === 201);
  const shift = Number(first?.response.headers['x-etcd-index'] ?? 1) - 1;
  const asked: { n: number; wanted: unknown; got: Promise<unknown> }[] = [];
  for (const exchange of recording.exchanges) {
    const { n, request, response } = exchange;
    if (request.query['wait'] === 'true' && response.body.node?.key.endsWith('/_config/size') === true) continue;
    const opened = ask(url, request, shift, headers);
    const waits = (response.body.node?.createdIndex ?? 0) > Number(response.headers['x-etcd-index']);
    // A watch that was answered later must have begun before what comes next.
    if (waits) await opened;
    const got = opened.then(async (answer) => await read(answer, request, 0));
    if (!waits) await got;
    asked.push({ n, wanted: seen(response, request, shift), got });
  }
  return await Promise.all(asked.map(async ({ n, wanted, got }) => ({ n, wanted, got: await got })));
}

async function ask(
  url: string,
  { method, path, query, contentType, body }: Exchange['request'],
  shift: number,
  headers: Record<string, string>,
): Promise<Response> {
  const fields = new URLSearchParams(query);
  const waitIndex = fields.get('waitIndex');
  if (waitIndex !== null) fields.set('waitIndex', String(Number(waitIndex) - shift));
  const search = fields.size === 0 ? '' : `?${String(fields)}`;
  return await fetch(`${url}${path}${search}`, {
    method,
    headers: { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers },
    body,
  });
}

async function read(answer: Response, request: Exchange['request'], shift: number): Promise<unknown> {
  const headers = Object.fromEntries(answer.headers);
  return seen({ status: answer.status, headers, body: JSON.parse(await answer.text()) as EtcdBody }, request, shift);
}

function seen({ status, headers, body }: Exchange['response'], { query }: Exchange['request'], shift: number): unknown {
  return {
    status,
    type: headers['content-type'],
    index: Number(headers['x-etcd-index']) - shift,
    ...(body.node === undefined ? {} : { action: body.action, node: nodeSeen(body.node, query['sorted'], shift) }),
    ...(body.errorCode === undefined
      ? {}
      : { error: { ...body, index: (body.index ?? 0) - shift, cause: tail(body.cause) } }),
  };
}

function nodeSeen(node: EtcdNode, sorted: string | undefined, shift: number): unknown {
  const nodes = node.nodes?.map((one) => nodeSeen(one, sorted, shift) as EtcdNode);
  return {
    ...node,
    createdIndex: node.createdIndex - shift,
    modifiedIndex: node.modifiedIndex - shift,
    ...(nodes === undefined
      ? {}
      : { nodes: sorted === 'true' ? nodes : nodes.toSorted((a, b) => a.createdIndex - b.createdIndex) }),
  };
}

// Of a missing key real etcd names the deepest folder that exists or the first that does not: either way the client
// prints it and exits.
function tail(cause: string | undefined): string {
  return cause?.startsWith('/discovery') === true ? '/discovery...' : String(cause);
}
