import {
  type Catalog,
  documentNamed,
  findDocument,
  isNamedBy,
  type Match,
  type Snapshot,
  type SourceDocument,
} from '../catalog/snapshot.ts';
import { contentTypeOf } from '../documents/document.ts';
import { installCloudConfig, installIgnition, type InstallJob, reportIgnition } from '../documents/install-configs.ts';
import { metadataText } from '../ipxe/other-loaders.ts';
import { Failure, problemFailure } from '../model/failure.ts';
import { hasIdentity, identityOf, macHyphens } from '../model/machine.ts';
import { artifactUrl, type Decision, type LogTarget, logTarget, type Question } from '../model/plan.ts';
import { buildOf, DOCUMENT_KINDS, type DocumentKind, type JsonObject } from '../model/profile.ts';
import { installDisk } from '../os/system.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { Access } from './access.ts';
import type { DocumentAnswer, NocloudFile } from './boot-service.ts';
import type { MarkView } from '../machines/claims.ts';
import { matchFor, type UnknownPolicy, WAIT } from './decide.ts';
import { deliver, type Delivered, type DeliveryRoom, type Reader } from './deliver.ts';
import { documentLinks, installLinks, noProcessor, SAY_PROCESSOR } from './machine-plan.ts';
import { decisionOf, whoIs } from './reasons.ts';
import { templateData } from './template-data.ts';

const PLAIN = 'text/plain; charset=utf-8';

interface DocumentServiceOptions extends Omit<DeliveryRoom, 'snapshot'> {
  readonly unknown?: Pick<UnknownPolicy, 'keySeconds' | 'show'>;
  readonly marks?: Pick<MarkView, 'of' | 'onces'>;
  /** Without it every client gets what it asks for: operators look so. */
  readonly access?: Access | undefined;
}

/** Configuration documents: as they are, or made for the machine that asks. */
export function createDocumentService(catalog: Catalog, options: DocumentServiceOptions) {
  const { access, marks, unknown = WAIT } = options;

  async function answer(
    document: SourceDocument,
    kind: DocumentKind | undefined,
    match: Match,
    question: Question,
    snapshot: Snapshot,
  ): Promise<DocumentAnswer> {
    const tokens = await access?.document(match, question, document.file);
    return {
      ...madeFor(document, kind, { match, ...question, tokens }, snapshot),
      contentType: contentTypeOf(kind, document.name),
      ...about(document.file, match, question),
    };
  }

  function about(
    source: string,
    match: Match,
    question: Question,
    outcome: Decision['outcome'] = 'boot',
  ): Pick<DocumentAnswer, 'decision' | 'secret' | 'source'> {
    return { source, decision: decisionOf(match, question, outcome), secret: match.profile.secrets };
  }

  /** A document that is wrong for this one machine is mended by an operator: the machine asks again (503). */
  function madeFor(
    document: SourceDocument,
    kind: DocumentKind | undefined,
    reader: Reader,
    snapshot: Snapshot,
  ): Delivered {
    try {
      return deliver(document, kind, reader, { ...options, snapshot });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'broken') throw error;
      const { message, place, remedy } = error;
      throw new Failure('unavailable', message, {
        place,
        remedy,
      });
    }
  }

  /** `/configs/NAME`. Without a machine a file leaves as it is; a template then has no machine to be rendered for. */
  async function document(name: string, question: Question): Promise<DocumentAnswer> {
    const snapshot = catalog.current();
    const found = documentNamed(snapshot.documents, name) ?? findDocument(snapshot.documents, 'cloud_config', name);
    if (found === undefined) throw missingDocument(name, snapshot);
    const match = hasIdentity(question.facts) ? matchFor(question, snapshot, unknown, marks) : undefined;
    const kind = match && kindIn(match, found, snapshot);
    const keeper = access === undefined ? undefined : keeperOf(found, snapshot);
    // Of a machine of another profile it is no more than of any client.
    if (keeper !== undefined && (match === undefined || !isNamedBy(match.profile, found, snapshot.documents))) {
      throw access?.stray(keeper, question, found.file) ?? missingDocument(name, snapshot);
    }
    if (match !== undefined) return await answer(found, kind, match, question, snapshot);
    if (found.template) throw noMachineFor(found, question);
    const identity = identityOf(question.facts);
    const decision: Decision = { outcome: 'boot', question, identity, because: `asked for ${found.file} by name` };
    return Promise.resolve({
      body: found.bytes,
      contentType: contentTypeOf(undefined, found.name),
      source: found.file,
      decision,
    });
  }

  async function documentOf(kind: DocumentKind, question: Question): Promise<DocumentAnswer> {
    const snapshot = catalog.current();
    const match = matched(question, snapshot);
    const name = match.profile[kind];
    if (name === undefined) throw new Failure('not-found', `${match.profile.file} names no ${kind}`);
    const found = findDocument(snapshot.documents, kind, name);
    if (found === undefined) throw missingDocument(kind === 'cloud_config' ? `${name}.yml` : name, snapshot);
    return await answer(found, kind, match, question, snapshot);
  }

  /**
   * cloud-init needs user-data and meta-data with 200, and spends ten seconds on each of the other two when they are
   * missing: what the operator did not write is an empty answer.
   */
  async function nocloud(file: NocloudFile, question: Question): Promise<DocumentAnswer> {
    if (file === 'user-data') return documentOf('nocloud', question);
    const snapshot = catalog.current();
    const match = matched(question, snapshot);
    const name = match.profile.nocloud;
    if (name === undefined) throw new Failure('not-found', `${match.profile.file} names no nocloud`);
    const own = documentNamed(snapshot.documents, `${name}.${file}`);
    if (own !== undefined) return await answer(own, undefined, match, question, snapshot);
    await access?.document(match, question, file);
    const text = file === 'meta-data' ? metaData(match, question) : '';
    return { body: Buffer.from(text), contentType: PLAIN, ...about(match.profile.file, match, question) };
  }

  async function metadata(question: Question): Promise<DocumentAnswer> {
    const snapshot = catalog.current();
    const match = matched(question, snapshot);
    await access?.document(match, question, 'metadata');
    const { node, vars, request } = templateData(match, question.facts, question.origin, snapshot) as Record<
      string,
      JsonObject
    >;
    return {
      body: Buffer.from(metadataText({ ...vars, ...node, request: request ?? {} })),
      contentType: PLAIN,
      ...about(match.profile.file, match, question),
    };
  }

  async function installer(kind: 'ignition' | 'cloud_config', question: Question): Promise<DocumentAnswer> {
    const snapshot = catalog.current();
    const match = matched(question, snapshot);
    const tokens = await access?.document(match, question, `the installer's ${kind}`);
    return {
      body: Buffer.from(
        installerText(kind, { match, ...question, tokens }, snapshot, logTarget(options.syslog, question.origin)),
      ),
      contentType: contentTypeOf(kind, ''),
      ...about(match.profile.file, match, question, 'install'),
    };
  }

  function matched(question: Question, snapshot: Snapshot): Match {
    const match = matchFor(question, snapshot, unknown, marks);
    if (match !== undefined) return match;
    throw new Failure('not-found', `no profile names ${whoIs(question.facts)}, and none is the default`);
  }

  return { document, documentOf, installer, nocloud, metadata };
}

/** As what the machine's profile names this document. */
function kindIn(match: Match, document: SourceDocument, snapshot: Snapshot): DocumentKind | undefined {
  return DOCUMENT_KINDS.find((kind) => {
    const name = match.profile[kind];
    return name !== undefined && findDocument(snapshot.documents, kind, name) === document;
  });
}

/** The file of profiles/ that keeps what is in this one to its machines; undefined for what any client may have. */
function keeperOf(document: SourceDocument, snapshot: Snapshot): string | undefined {
  for (const profile of snapshot.profiles.values()) {
    if (profile.secrets && isNamedBy(profile, document, snapshot.documents)) return profile.file;
  }
  return snapshot.unreadKeeper(document);
}

/** A stable instance-id: another one would be another first boot to cloud-init. */
function metaData(match: Match, { facts }: Question): string {
  const id = facts.mac === undefined ? (facts.uuid ?? facts.serial ?? 'unknown') : macHyphens(facts.mac);
  const hostname = match.node?.name ?? facts.hostname;
  return `instance-id: ${JSON.stringify(`pilotlight-${id}`)}\n${hostname === undefined ? '' : `local-hostname: ${JSON.stringify(hostname)}\n`}`;
}

function missingDocument(name: string, snapshot: Snapshot): Failure {
  const files = [`configs/${name}`, `configs/${name}.hbs`];
  const problem = snapshot.problems.find(({ severity, place }) => severity === 'error' && files.includes(place.file));
  if (problem !== undefined) return problemFailure(problem);
  return new Failure('not-found', `there is no document "${name}"`, { remedy: `create configs/${name}` });
}

function noMachineFor(document: SourceDocument, { facts }: Question): Failure {
  if (!hasIdentity(facts)) {
    return new Failure('invalid', `${document.file} is a template`, {
      remedy: 'add ?mac=MAC to say for which machine',
    });
  }
  return new Failure('not-found', `${document.file} is a template, and no profile names ${whoIs(facts)}`, {
    remedy: 'add the machine to the "nodes" of a file in profiles/',
  });
}

/**
 * What the live system of a machine boots with that its profile installs. It depends on the profile alone, not on
 * whether the machine is to be installed now: a machine that got the kernel line a moment ago must also get this.
 */
function installerText(
  kind: 'ignition' | 'cloud_config',
  { match, facts, origin, tokens }: Reader,
  { documents }: Pick<Snapshot, 'documents'>,
  logTo: LogTarget | undefined,
): string {
  const { profile } = match;
  const disk = installDisk(profile);
  const links = installLinks(match, facts, origin, tokens);
  if (disk === undefined) throw new Failure('not-found', `${profile.file} does not install ${whoIs(facts)}`);
  if (links === undefined)
    throw new Failure('invalid', 'a machine that says neither MAC, UUID nor serial number cannot be installed');
  if (profile.system === 'fedora-coreos' && kind === 'ignition') return reportIgnition(links.report, logTo);
  if (profile.system !== 'coreos' && (profile.system !== 'flatcar' || kind !== 'ignition')) {
    throw new Failure('not-found', `${profile.system} does not install by this file`);
  }
  const system = SYSTEMS[profile.system];
  const { ignition, cloud_config } = documentLinks(match, facts, origin, documents, tokens);
  // The folder below images/ without its version is what the installers call a mirror.
  const build = buildOf(profile, facts.arch);
  if (build === undefined) throw new Failure('invalid', noProcessor(profile, facts), { remedy: SAY_PROCESSOR });
  const shelf = (system.shelf(build) ?? '').replace(/\/[^/]*$/, '');
  const job: InstallJob = {
    system: profile.system,
    title: `${system.title} ${profile.version}`,
    version: profile.version,
    channel: profile.channel,
    disk,
    mirror: artifactUrl({ kind: 'shelf', path: shelf }, origin),
    documents: {
      ignition,
      cloud_config,
    },
    report: links.report,
    logTo,
  };
  return kind === 'ignition' ? installIgnition(job) : installCloudConfig(job);
}
