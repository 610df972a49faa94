import { type Inspector, type Match, type Snapshot, type SourceDocument, namedDocuments } from '../catalog/snapshot.ts';
import { checkDocumentBytes } from '../documents/document.ts';
import { kernelLineProblems, profileWordProblems } from '../ipxe/ipxe-text.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { parseLabel, parseMac } from '../model/machine.ts';
import { omitUndefined } from '../model/omit-undefined.ts';
import type { Origin } from '../model/plan.ts';
import type { DocumentKind, Profile } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';
import { deliver, renderedFor } from './deliver.ts';
import { installAdvice } from './install-advice.ts';
import { machinePlan, typicalMachine } from './machine-plan.ts';
import { createTemplateCache, SAMPLE_KEYS, SAMPLE_LINKS, type TemplateCache } from './template-data.ts';

type Around = Pick<Snapshot, 'documents' | 'keys'>;

export interface InspectorOptions {
  /** The base URL as far as it is known: only its length matters here. */
  readonly origin: Origin;
}

/** What the catalog asks when a file changes: are the documents right, would the kernel line arrive whole? */
export function createInspector({ origin }: InspectorOptions): Inspector {
  const templates = createTemplateCache();
  return {
    document: (document) => (document.template ? broken(() => templates.compiled(document), document.file) : []),
    profile(profile, around) {
      return [
        ...profileWordProblems(profile),
        ...broken(() => measure(profile, around, origin), profile.file),
        ...installAdvice(profile, around),
        ...unreadAdvice(profile),
        ...channelAdvice(profile),
        ...namedDocuments(profile, around.documents).flatMap(({ kind, document }) => {
          if (!document.template) return plainProblems(document, kind, profile);
          const [node] = profile.nodes;
          if (node === undefined) return [];
          // One node stands for all here, so that ten thousand load at once; `check` renders for each.
          return templateProblems(document, kind, { profile, node, by: 'mac' }, origin, around, templates);
        }),
      ];
    },
    /** The default profile's machines, and those that choose it in the menu, have no name and no address here. */
    unlisted(profile, around) {
      if ((!profile.default && profile.menu === undefined) || profile.boot === 'local') return [];
      return namedDocuments(profile, around.documents).flatMap(({ kind, document }) => {
        if (!document.template) return [];
        return templateProblems(document, kind, { profile, by: 'default' }, origin, around, templates);
      });
    },
  };
}

/** Of the kinds of documents only `generic` has no argument of its own, where the system is not Talos. */
function unreadAdvice({ system, generic, kernel_args, file }: Profile): readonly FileDiagnostic[] {
  if (system !== 'custom' || generic === undefined) return [];
  const named = generic.replace(/\.hbs$/, '');
  if (kernel_args.some((arg) => arg.includes('/generic') || arg.includes(named))) return [];
  return [
    {
      severity: 'warning',
      message: 'nothing tells the machine about this document: no kernel argument is known for it',
      place: { file, key: 'generic' },
      remedy: `write its URL into "kernel_args" (http://SERVER/configs/${named}), or name it by the key of its reader`,
    },
  ];
}

function measure(profile: Profile, around: Around, origin: Origin): readonly FileDiagnostic[] {
  if (profile.boot === 'local') return [];
  const { match, facts } = typicalMachine(profile);
  const plan = machinePlan(match, facts, origin, around);
  return kernelLineProblems(plan).map((problem) => ({ ...problem, place: { file: profile.file } }));
}

function plainProblems(document: SourceDocument, kind: DocumentKind, profile: Profile): readonly FileDiagnostic[] {
  const context = { file: document.file, system: profile.system, version: profile.version };
  return checkDocumentBytes(kind, document.bytes, context);
}

const SOME_MAC = parseMac('525400000000');
const UNLISTED = 'a machine that no profile lists';

/** Renders a template for one node (without one: for a machine that no profile lists) and checks what comes out. */
export function templateProblems(
  document: SourceDocument,
  kind: DocumentKind,
  match: Match,
  origin: Origin,
  around: Around,
  templates: TemplateCache,
): readonly FileDiagnostic[] {
  const { node } = match;
  const serial = node?.serial === undefined ? undefined : parseLabel(node.serial);
  const mac = node === undefined ? SOME_MAC : node.mac;
  const facts = omitUndefined({
    mac,
    ...(node?.uuid === undefined ? {} : { uuid: node.uuid }),
    serial,
  });
  const problems = broken(() => {
    const samples = { hostKeys: SAMPLE_KEYS, clusters: SAMPLE_LINKS };
    deliver(document, kind, { match, facts, origin }, { snapshot: around, templates, ...samples });
    return [];
  }, document.file);
  // What is wrong with the template itself is wrong for everybody; what is rendered names its reader.
  if (broken(() => templates.compiled(document), document.file).length > 0) return problems;
  const said = renderedFor(node);
  return problems.map(({ message, ...problem }) => ({
    ...problem,
    message: `rendered for ${node?.name ?? UNLISTED}: ${message.startsWith(said) ? message.slice(said.length) : message}`,
  }));
}

/** A Failure as the problem that it describes; a bug stays a bug. */
function broken(work: () => unknown, file: string): readonly FileDiagnostic[] {
  try {
    const found = work();
    return Array.isArray(found) ? (found as readonly FileDiagnostic[]) : [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, remedy, place = { file } } = error;
    return [{ severity: 'error', message, place, remedy }];
  }
}

/** A channel that the system's feed does not have: the release sync would find it out, at night. Nothing is fetched. */
export function channelAdvice({ system, channel, arch, file, raw }: Profile): readonly FileDiagnostic[] {
  if (system === 'custom' || raw['channel'] === undefined) return [];
  try {
    SYSTEMS[system].start({ channel, arch, install: false });
    return [];
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'invalid') return [];
    const { remedy = 'see docs/releases.md' } = error;
    const message = `"${channel}": ${error.message}`;
    return [{ severity: 'warning', message, place: { file, key: 'channel' }, remedy }];
  }
}
