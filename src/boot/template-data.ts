import type { Match, Snapshot, SourceDocument } from '../catalog/snapshot.ts';
import { type HostKey, makeHostKey } from '../machines/host-keys.ts';
import { Failure, failureLine } from '../model/failure.ts';
import { FACT_KEYS, type MachineFacts } from '../model/machine.ts';
import type { Origin } from '../model/plan.ts';
import { buildOf, type Cluster, type Json, type JsonObject, type Node, type Profile } from '../model/profile.ts';
import { type SecretRef, withSecrets } from '../model/secret.ts';
import { compileTemplate, type Template, type TemplateData } from '../templates/template.ts';
import type { LinkTokens } from './access.ts';
import { reportLinks } from './machine-plan.ts';
import { linesNotUtf8, type Position } from '../text/text.ts';
import { phoneHomeUnit } from '../documents/units.ts';

/** Where templates get host keys from: src/identity has those of the nodes. */
export interface HostKeys {
  /** Undefined while the node's key is not there yet. Throws Failure where its file is at fault. */
  keyOf(node: string): HostKey | undefined;
}

/** One key that everybody may know, for looking at what a template would become. Nothing that leaves holds it. */
export const SAMPLE_KEYS: HostKeys = { keyOf: (node) => makeHostKey(node, Buffer.alloc(32, 1)) };

/** What a template sees as `ssh_host_keys`. */
export function hostKeyData({ privateKey, publicKey }: HostKey): JsonObject {
  return { ed25519_private: privateKey, ed25519_public: publicKey };
}

/** The key of the machine, where its profile asks for one and it can be had. */
export function hostKeyFor({ profile, node, bare }: Match, keys: HostKeys | undefined): HostKey | undefined {
  if (!profile.ssh_host_keys || node === undefined || bare === true) return undefined;
  try {
    return keys?.keyOf(node.name);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Why there is none, for a template that names it. `unavailable` may be over in a moment. */
export function whyNoHostKey({ profile, node, bare }: Match, keys: HostKeys | undefined): Failure {
  if (!profile.ssh_host_keys) {
    return new Failure('broken', `${profile.file} keeps no host keys`, {
      remedy: 'add "ssh_host_keys": true to the profile',
    });
  }
  if (node === undefined) {
    return new Failure('broken', 'only a machine that a profile lists has a host key of its own', {
      remedy: `add the machine to "nodes" of ${profile.file}`,
    });
  }
  if (bare === true) {
    return new Failure('broken', `the host key of ${node.name} stays with its own profile, which keeps secrets`, {
      remedy: `add "secrets": true to ${profile.file}`,
    });
  }
  try {
    keys?.keyOf(node.name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return new Failure(error.code, `the host key of ${node.name} cannot be used: ${failureLine(error)}`);
  }
  return new Failure('unavailable', `the host key of ${node.name} is not made yet`, {
    remedy: 'ask again in a moment',
  });
}

/** What is known of the discovery of clusters. */
export interface ClusterLinks {
  /** The discovery URL of a cluster. Throws Failure `unavailable` while there is none: the machine asks again. */
  discoveryUrl(cluster: Cluster, profile: Profile): string;
}

/** Where only the form of a document matters: a URL as long as any that is made here. */
export const SAMPLE_LINKS: ClusterLinks = {
  discoveryUrl: () => 'http://192.0.2.1:4777/discovery/00000000000000000000000000000000',
};

/**
 * `cluster` in a template: the list of the profile's nodes, which has what the profile's `"cluster"` says as properties
 * beside them: name, mode, state, size, and for a discovery its URL and token. These two are looked up when a template
 * names them: no other template has to wait for them.
 */
export function clusterData(profile: Profile, nodes: readonly JsonObject[], links: ClusterLinks): Json {
  const { cluster } = profile;
  const list: readonly Json[] = [...nodes];
  if (cluster === undefined) return list;
  const { name, mode, state } = cluster;
  const size = clusterSize(profile, cluster);
  const data = Object.assign(list, { name, mode, state, size });
  if (mode === 'static') return data;
  const url = (): string => links.discoveryUrl(cluster, profile);
  return Object.defineProperties(data, {
    discovery_url: { enumerable: true, get: url },
    token: { enumerable: true, get: () => url().split('/').at(-1) ?? '' },
  });
}

/** Members that the cluster waits for: what the profile says, else one for each node, else three. */
export function clusterSize({ nodes }: Pick<Profile, 'nodes'>, { size }: Pick<Cluster, 'size'>): number {
  return size ?? (nodes.length >= 1 && nodes.length <= 9 ? nodes.length : 3);
}

/** No server: nothing makes tokens. */
export const NO_LINKS: ClusterLinks = {
  discoveryUrl({ name }, { file }) {
    throw new Failure('unavailable', `the cluster ${name} has no discovery token`, {
      place: { file, key: 'cluster' },
      remedy: 'the running server makes one',
    });
  },
};

/** What is known beside the machine and its profile. */
export interface TemplateSources extends Pick<Snapshot, 'keys'> {
  readonly hostKey?: HostKey | undefined;
  readonly clusters?: ClusterLinks | undefined;
  /** Without it they are null: as good as missing. */
  readonly secretOf?: ((ref: SecretRef) => Json) | undefined;
  /** What the addresses that it is told carry. */
  readonly tokens?: LinkTokens | undefined;
}

const NO_SECRETS = (): null => null;

/** What a template sees. What the file says of a node wins over what the machine says of itself. */
export function templateData(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  { keys: known, hostKey, clusters = NO_LINKS, secretOf = NO_SECRETS, tokens }: TemplateSources,
): TemplateData {
  const { profile, node } = match;
  const withOwn = (vars: JsonObject): JsonObject => withSecrets(vars, secretOf);
  const reports = reportLinks(match, facts, origin, tokens);
  const keys: Record<string, Json> = {};
  for (const key of known.values()) keys[key.name] = key.text;
  let cluster: Json | undefined;
  return {
    node: {
      ...defined(facts, ['mac', 'uuid', 'serial', 'hostname']),
      ...(node === undefined ? {} : nodeData(node, withOwn)),
    },
    vars: withOwn({ ...profile.vars, ...(node?.vars ?? {}) }),
    profile: {
      ...profile.raw,
      ...(profile.raw['vars'] === undefined ? {} : { vars: withOwn(profile.vars) }),
      name: profile.name,
      version: profile.version,
      system: profile.system,
      arch: buildOf(profile, facts.arch)?.arch ?? profile.arch,
    },
    ssh_keys: keys,
    ...(hostKey === undefined ? {} : { ssh_host_keys: hostKeyData(hostKey) }),
    base_url: origin,
    // Of ten thousand nodes it is 5 ms, for each of them: a template that does not name it does not wait for it.
    get cluster() {
      return (cluster ??= clusterData(
        profile,
        profile.nodes.map((one) => nodeData(one, withOwn)),
        clusters,
      ));
    },
    install: { ...profile.install },
    // Without an identity there is no machine to report: a template that wants to is an error that says so.
    report:
      reports === undefined
        ? {}
        : { up_url: reports.up, installed_url: reports.installed, up_unit: phoneHomeUnit(reports.up) },
    request: defined(facts, FACT_KEYS),
  };
}

function nodeData(node: Node, withOwn: (vars: JsonObject) => JsonObject): JsonObject {
  return {
    name: node.name,
    hostname: node.name,
    ...defined(node, ['mac', 'uuid', 'serial', 'ip']),
    vars: withOwn(node.vars),
  };
}

function defined<T extends object>(source: T, keys: readonly (keyof T & string)[]): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const key of keys) {
    const value = source[key];
    if (typeof value === 'string') found[key] = value;
  }
  return found;
}

/** Compiled templates: compiling is the slow half (up to seconds for a large file), so it is done once for each version. */
export interface TemplateCache {
  /** Throws Failure `broken` with the file and the line. */
  compiled(document: SourceDocument): Template;
}

export function createTemplateCache(): TemplateCache {
  // A document of a snapshot is one object for as long as its bytes are the same; old versions fall out with it.
  const templates = new WeakMap<SourceDocument, Template>();
  return {
    compiled(document) {
      const known = templates.get(document);
      if (known !== undefined) return known;
      const [wrong] = linesNotUtf8(document.bytes);
      if (wrong !== undefined) throw notUtf8(document.file, wrong);
      const template = compileTemplate(document.bytes.toString('utf8'), document.file);
      templates.set(document, template);
      return template;
    },
  };
}

/** A text is rendered, not bytes: what is not UTF-8 would leave as another character. */
function notUtf8(file: string, { line, column }: Position): Failure {
  return new Failure('broken', `not UTF-8, line ${line}`, {
    place: { file, line, column },
    remedy: 'save the template as UTF-8',
  });
}
