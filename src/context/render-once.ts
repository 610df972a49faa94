import { findDocument } from '../catalog/snapshot.ts';
import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Name, type Profile } from '../model/profile.ts';
import { shownDocument } from '../model/redact.ts';
import type { Decision, Origin } from '../model/plan.ts';
import type { Settings } from '../settings/settings.ts';
import { type AppContext, likelyOrigin, readContext } from './app-context.ts';

export interface RenderRequest {
  readonly what: 'script' | 'config' | 'args';
  /** The machine, or nothing when a profile is named. */
  readonly facts: MachineFacts;
  readonly profile?: Name;
  readonly kind?: DocumentKind;
  /** Whether a document is given as the machine gets it, with its secrets. */
  readonly secrets?: boolean;
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
  const why = settings.baseUrl === undefined ? 'no setting; a machine sees the address that it asks' : 'the setting';
  const { text, reasons } = await RENDER[request.what](appContext, request, origin);
  return { text, reasons: [...reasons, `base URL ${origin}: ${why}`] };
}

type Render = (appContext: AppContext, request: RenderRequest, origin: Origin) => Rendered | Promise<Rendered>;
const RENDER: Readonly<Record<RenderRequest['what'], Render>> = { script, args, config };

async function script(appContext: AppContext, request: RenderRequest, origin: Origin): Promise<Rendered> {
  const { preview } = appContext;
  const { facts, profile } = request;
  const answer = await (profile === undefined
    ? preview.script({ facts, origin })
    : preview.scriptOf(profile, origin, facts.arch));
  return { text: answer.script, reasons: [...reasonsOf(answer.decision), ...filesOf(appContext, request)] };
}

function args(appContext: AppContext, request: RenderRequest, origin: Origin): Rendered {
  const answer = appContext.preview.args(request.profile ?? request.facts, origin, request.facts.arch);
  const text = answer.args.map((arg) => `${arg}\n`).join('');
  return { text, reasons: [...reasonsOf(answer.decision), ...filesOf(appContext, request)] };
}

async function config(appContext: AppContext, request: RenderRequest, origin: Origin): Promise<Rendered> {
  const { catalog, identities, preview } = appContext;
  const { facts, profile: name } = request;
  const kind = request.kind ?? firstKind(profileOf(appContext, request));
  const match = name === undefined ? catalog.current().match(facts) : undefined;
  if (match?.node !== undefined && match.profile.ssh_host_keys) await identities.ensure([match.node.name]);
  const document = profileOf(appContext, request)?.[kind];
  if (name !== undefined && document === undefined) {
    throw new Failure('not-found', `profiles/${name}.json names no ${kind}`);
  }
  const question = { facts, origin };
  const answer =
    name === undefined || document === undefined
      ? await preview.documentOf(kind, question)
      : await preview.document(document, question);
  const bytes = request.secrets === true ? answer.body : shownDocument(answer);
  const text = Buffer.from(bytes).toString('utf8');
  return { text, reasons: [...reasonsOf(answer.decision), `document ${answer.source}`] };
}

function profileOf({ catalog }: AppContext, { profile, facts }: RenderRequest): Profile | undefined {
  const snapshot = catalog.current();
  return profile === undefined ? snapshot.match(facts)?.profile : snapshot.profiles.get(profile);
}

function firstKind(profile: Profile | undefined): DocumentKind {
  if (profile === undefined) throw new Failure('not-found', 'no profile matches this machine');
  const kind = DOCUMENT_KINDS.find((candidate) => profile[candidate] !== undefined);
  if (kind === undefined) throw new Failure('not-found', `${profile.file} names no document`);
  return kind;
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

function reasonsOf(decision: Decision): readonly string[] {
  return [
    decision.because,
    ...(decision.profile === undefined ? [] : [`profile profiles/${decision.profile}.json`]),
    ...(decision.version === undefined ? [] : [`version ${decision.version}: key "version" of the profile`]),
    `outcome ${decision.outcome}`,
  ];
}
