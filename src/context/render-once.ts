import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Name } from '../model/name.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Profile } from '../model/profile.ts';
import type { Decision } from '../model/plan.ts';
import { findDocument } from '../catalog/snapshot.ts';
import type { Settings } from '../settings/settings.ts';
import { likelyOrigin, readContext, type AppContext } from './app-context.ts';

export interface RenderRequest {
  readonly what: 'script' | 'config' | 'args';
  /** The machine, or nothing when a profile is named. */
  readonly facts: MachineFacts;
  readonly profile?: Name;
  readonly kind?: DocumentKind;
}

export interface Rendered {
  readonly text: string;
  /** Which file decided what, for `--explain`. */
  readonly reasons: readonly string[];
}

/** What the server would answer, from the same boot service, without a server. */
export async function renderOnce(settings: Settings, request: RenderRequest): Promise<Rendered> {
  const appContext = await readContext(settings);
  const origin = likelyOrigin(settings);
  const base =
    settings.baseUrl === undefined
      ? `base URL ${origin}: no setting; a machine sees the address that it asks`
      : `base URL ${origin}: the setting`;
  const { text, reasons } = await answer(appContext, request, origin);
  const files = request.what === 'config' ? [] : filesOf(appContext, request);
  return { text, reasons: [...reasons, ...files, base] };
}

/** The other files that had a say: what the profile names, as it is on disk. */
function filesOf(appContext: AppContext, request: RenderRequest): readonly string[] {
  const { documents, keys } = appContext.catalog.current();
  const profile = profileOf(appContext, request);
  if (profile === undefined) return [];
  const named = DOCUMENT_KINDS.flatMap((kind) => {
    const name = profile[kind];
    if (name === undefined) return [];
    return [`${kind} ${findDocument(documents, kind, name)?.file ?? `${name}: configs/ has no such file`}`];
  });
  const key = profile.sshkey === undefined ? undefined : keys.get(profile.sshkey);
  return key === undefined ? named : [...named, `sshkey sshkeys/${key.name}.pub`];
}

async function answer(
  appContext: AppContext,
  request: RenderRequest,
  origin: ReturnType<typeof likelyOrigin>,
): Promise<Rendered> {
  const question = { facts: request.facts, origin };
  if (request.what === 'script') {
    const { script, decision } =
      request.profile === undefined
        ? await appContext.preview.script(question)
        : await appContext.preview.scriptOf(request.profile, origin);
    return { text: script, reasons: reasonsOf(decision) };
  }
  if (request.what === 'args') {
    const { args, decision } = appContext.preview.args(request.profile ?? request.facts, origin);
    return { text: args.map((arg) => `${arg}\n`).join(''), reasons: reasonsOf(decision) };
  }
  const kind = request.kind ?? firstKind(appContext, request);
  const match = request.profile === undefined ? appContext.catalog.current().match(request.facts) : undefined;
  if (match?.node !== undefined && match.profile.ssh_host_keys) await appContext.identities.ensure([match.node.name]);
  const document =
    request.profile === undefined
      ? await appContext.preview.documentOf(kind, question)
      : await appContext.preview.document(documentName(appContext, request.profile, kind), question);
  return {
    text: document.body.toString('utf8'),
    reasons: [...reasonsOf(document.decision), `document ${document.source}`],
  };
}

function profileOf(appContext: AppContext, request: RenderRequest): Profile | undefined {
  const snapshot = appContext.catalog.current();
  return request.profile === undefined
    ? snapshot.match(request.facts)?.profile
    : snapshot.profiles.get(request.profile);
}

function firstKind(appContext: AppContext, request: RenderRequest): DocumentKind {
  const snapshot = appContext.catalog.current();
  const { profile: name, facts } = request;
  const profile = name === undefined ? snapshot.match(facts)?.profile : snapshot.profiles.get(name);
  if (profile === undefined) throw new Failure('not-found', 'no profile matches this machine');
  const kind = DOCUMENT_KINDS.find((candidate) => profile[candidate] !== undefined);
  if (kind === undefined) throw new Failure('not-found', `${profile.file} names no document`);
  return kind;
}

function documentName(appContext: AppContext, name: Name, kind: DocumentKind): string {
  const profile = appContext.catalog.current().profiles.get(name);
  const document = profile?.[kind];
  if (document === undefined) throw new Failure('not-found', `profiles/${name}.json names no ${kind}`);
  return document;
}

function reasonsOf(decision: Decision): readonly string[] {
  return [
    decision.because,
    ...(decision.profile === undefined ? [] : [`profile profiles/${decision.profile}.json`]),
    ...(decision.version === undefined ? [] : [`version ${decision.version}: key "version" of the profile`]),
    `outcome ${decision.outcome}`,
  ];
}
