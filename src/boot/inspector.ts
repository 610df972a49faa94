import {
  type Around,
  type Inspector,
  type Match,
  type NamedDocument,
  namedDocuments,
  type Snapshot,
  type SourceDocument,
} from '../catalog/snapshot.ts';
import { checkDocumentBytes, isPacked } from '../documents/document.ts';
import { installAutoinstall } from '../documents/install-configs.ts';
import { addPhoneHome, replacesItself } from '../documents/phone-home.ts';
import { hasComment, readPreseed, UNREADABLE_LATE_COMMAND } from '../documents/preseed.ts';
import { kernelLineProblems, profileWordProblems } from '../ipxe/kernel-line.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import { nodeFacts } from '../model/machine.ts';
import type { LogTarget, Origin } from '../model/plan.ts';
import { builds, DOCUMENT_KINDS, type DocumentKind, isBuiltForBoth, type Profile } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';
import { documentText } from '../text/text.ts';
import { deliver, renderedFor } from './deliver.ts';
import { machinePlan, typicalMachines } from './machine-plan.ts';
import { createTemplateCache, SAMPLE_KEYS, SAMPLE_LINKS, type TemplateCache } from './template-data.ts';

/** Where the profile asks for an installation or a phone-home that would not happen: warnings, nothing is broken by it. */
function installAdvice(profile: Profile, { documents }: Pick<Snapshot, 'documents'>): readonly FileDiagnostic[] {
  const named = namedDocuments(profile, documents);
  return [...phoneHomeAdvice(profile, named), ...(profile.install === undefined ? [] : diskAdvice(profile, named))];
}

const ANYWHERE = 'http://server/';

function phoneHomeAdvice(profile: Profile, named: readonly NamedDocument[]): readonly FileDiagnostic[] {
  if (!profile.phone_home) return [];
  // What a template becomes is seen when it is rendered: here it counts as a document that takes one.
  const replaced = named.some(({ kind, document }) => kind === 'ignition' && replacesItself(textOf(document)));
  const told = named.some(({ kind, document }) => {
    if (kind === 'ignition' && replacesItself(textOf(document))) return false;
    const text = document.template ? (EMPTY[kind] ?? '') : textOf(document);
    return addPhoneHome(kind, text, profile.system, ANYWHERE) !== undefined;
  });
  if (told || missing(profile, named)) return [];
  return [
    warning(
      profile,
      'phone_home',
      replaced
        ? 'config.replace throws away what stands beside it: a unit that phones home would be lost'
        : 'no document of this profile can be given a unit that phones home',
      replaced
        ? 'use config.merge (in version 2: append), or put a unit with {{report.up_unit}} into what config.replace names'
        : 'POST to {{report.up_url}} in the document, or put {{report.up_unit}} where it keeps units',
    ),
  ];
}

/** A rollout waits for machines to phone home: with none that does it would stop at its canaries, always. */
function rolloutProblems(profile: Profile, { documents }: Pick<Snapshot, 'documents'>): readonly FileDiagnostic[] {
  if (profile.rollout === undefined || profile.phone_home || profile.install !== undefined) return [];
  const named = namedDocuments(profile, documents);
  const tells = named.some(({ document }) => /report\.up_|\/phone-home\//.test(textOf(document)));
  if (tells || missing(profile, named)) return [];
  const message = 'a rollout needs machines that phone home, and nothing here makes them';
  const remedy = 'add "phone_home": true, or POST to {{report.up_url}} in a document';
  return [{ severity: 'error', message, place: { file: profile.file, key: 'rollout' }, remedy }];
}

/** A document of each kind that would take one. */
const EMPTY: Readonly<Partial<Record<DocumentKind, string>>> = {
  cloud_config: '#cloud-config\n',
  ignition: '{"ignition": {"version": "3.0.0"}}',
  nocloud: '#cloud-config\n',
};

/** A document that is named and not there is an error already. */
function missing(profile: Profile, named: readonly NamedDocument[]): boolean {
  return DOCUMENT_KINDS.some((kind) => profile[kind] !== undefined && !named.some((one) => one.kind === kind));
}

function diskAdvice(profile: Profile, named: readonly NamedDocument[]): readonly FileDiagnostic[] {
  const { system, install } = profile;
  const found: FileDiagnostic[] = [];
  if (profile.boot === 'local') {
    found.push(warning(profile, 'install', 'nothing is installed while "boot" is "local"', 'remove one of the two'));
  }
  const disk = install?.disk ?? '';
  if (system === 'custom') return found;
  const [kind, without] = WITHOUT[system] ?? [];
  if (kind !== undefined && without !== undefined && kind.every((one) => profile[one] === undefined)) {
    found.push(warning(profile, 'install', without, `name ${kind.map((one) => `"${one}"`).join(' or ')}`));
  }
  for (const { kind: one, document } of named) {
    if (document.template) continue;
    if (one === 'cloud_config') found.push(...cloudConfigAdvice(document, profile));
    if (one === 'preseed' && system === 'debian') found.push(...preseedAdvice(document, disk));
    if (one === 'nocloud' && system === 'ubuntu') found.push(...autoinstallAdvice(document, disk));
  }
  if (system === 'ubuntu' && !/^\/dev\/[A-Za-z0-9]+$/.test(disk)) {
    // subiquity compares with the kernel's own name (its match by "path").
    const remedy = 'write a name such as "/dev/sda", or "storage" in the user-data with a match by serial';
    found.push(warning(profile, 'install.disk', `Ubuntu's installer does not know ${disk} by this name`, remedy));
  }
  return found;
}

const NO_LOGIN = 'installed without a document, the machine lets no one log in';
const ASKS = 'the installer asks its questions on the screen, and does not report';
const WITHOUT: Readonly<Partial<Record<Profile['system'], readonly [readonly DocumentKind[], string]>>> = {
  coreos: [['ignition', 'cloud_config'], NO_LOGIN],
  flatcar: [['ignition', 'cloud_config'], NO_LOGIN],
  'fedora-coreos': [['ignition'], NO_LOGIN],
  debian: [['preseed'], ASKS],
  ubuntu: [['nocloud'], ASKS],
};

/** coreos-install and flatcar-install run `coreos-cloudinit -validate` first, which fails at whatever it has to say. */
function cloudConfigAdvice(document: SourceDocument, { system }: Profile): readonly FileDiagnostic[] {
  if ((system !== 'coreos' && system !== 'flatcar') || isPacked('cloud_config', document.bytes)) return [];
  const [first] = checkDocumentBytes('cloud_config', document.bytes, { file: document.file, system });
  if (first === undefined) return [];
  const { place, remedy } = first;
  const message = `${system}-install refuses a cloud-config with warnings: ${first.message}`;
  return [{ severity: 'warning', message, place: { file: place.file, line: place.line }, remedy }];
}

function preseedAdvice(document: SourceDocument, disk: string): readonly FileDiagnostic[] {
  const { answers, open } = readPreseed(textOf(document));
  const found: FileDiagnostic[] = [];
  const late = answers.findLast(({ question }) => question === 'preseed/late_command');
  if (late !== undefined && hasComment(late.value)) {
    found.push(problem(document, UNREADABLE_LATE_COMMAND, 'remove it; until then the installer does not report'));
  }
  if (open) {
    found.push(problem(document, 'the last line ends with a backslash', 'remove it; until then nothing can be added'));
  }
  const other = answers.findLast(({ question }) => question === 'partman-auto/disk')?.value;
  if (other !== undefined && other !== disk) {
    found.push(problem(document, `partman-auto/disk says ${other}, "install" says ${disk}`, 'keep one of them'));
  }
  return found;
}

function autoinstallAdvice(document: SourceDocument, disk: string): readonly FileDiagnostic[] {
  const text = textOf(document);
  if (installAutoinstall(text, { disk, report: ANYWHERE }) !== undefined) return [];
  const remedy = 'put the answers below "autoinstall:" in a "#cloud-config"; until then the installer does not report';
  return [problem(document, 'there is no "autoinstall" to which a report could be added', remedy)];
}

function textOf(document: SourceDocument): string {
  return documentText(document.bytes).text;
}

function problem({ file }: SourceDocument, message: string, remedy: string): FileDiagnostic {
  return { severity: 'warning', message, place: { file }, remedy };
}

function warning({ file }: Profile, key: string, message: string, remedy: string): FileDiagnostic {
  return { severity: 'warning', message, place: { file, key }, remedy };
}

export interface InspectorOptions {
  /** The base URL as far as it is known: only its length matters here. */
  readonly origin: Origin;
  /** Where logs shall go: the kernel line says so. */
  readonly logTo?: LogTarget | undefined;
}

/** What the catalog asks when a file changes: are the documents right, would the kernel line arrive whole? */
export function createInspector({ origin, logTo }: InspectorOptions): Inspector {
  const templates = createTemplateCache();
  return {
    document: (document) => (document.template ? broken(() => templates.compiled(document), document.file) : []),
    profile(profile, around) {
      return [
        ...profileWordProblems(profile),
        ...broken(() => measure(profile, around, origin, logTo), profile.file),
        ...installAdvice(profile, around),
        ...rolloutProblems(profile, around),
        ...unreadAdvice(profile),
        ...vlanAdvice(profile),
        ...secretsAdvice(profile),
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

/** Secrets that any client may read, and machines that can never prove who they are. */
function secretsAdvice(profile: Profile): readonly FileDiagnostic[] {
  if (!profile.secrets) {
    if (!profile.ssh_host_keys) return [];
    const message = "any client that names a node is sent the node's private host key";
    return [warning(profile, 'ssh_host_keys', message, 'add "secrets": true to the profile (docs/security.md)')];
  }
  const nameless = profile.nodes.filter(({ mac }) => mac === undefined).map(({ name }) => name);
  if (nameless.length === 0) return [];
  const shown = nameless.length > 3 ? `${nameless.slice(0, 3).join(', ')} and others` : nameless.join(', ');
  const message = `"secrets" lets no machine boot that is listed without its "mac": ${shown}`;
  return [warning(profile, 'nodes', message, 'add "mac": the network knows a machine by nothing else')];
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

/** Systems of which it is known how their initramfs is told a VLAN. */
const TOLD_VLAN: readonly Profile['system'][] = ['flatcar', 'fedora-coreos'];

function vlanAdvice(profile: Profile): readonly FileDiagnostic[] {
  const { system, vlan, nodes, kernel_args } = profile;
  if (vlan === undefined && nodes.every((node) => node.vlan === undefined)) return [];
  if (TOLD_VLAN.includes(system) || kernel_args.some((arg) => arg.startsWith('vlan='))) return [];
  const message = `only iPXE is in the VLAN: no kernel argument of ${system} is known for it`;
  return [
    warning(profile, 'vlan', message, 'write what its initramfs reads into "kernel_args", such as vlan=eth0.7:eth0'),
  ];
}

function measure(profile: Profile, around: Around, origin: Origin, logTo?: LogTarget): readonly FileDiagnostic[] {
  if (profile.boot === 'local') return [];
  if (profile.arch === 'auto' && !isBuiltForBoth(profile.system)) throw oneBuild(profile);
  return typicalMachines(profile).flatMap(({ match, facts }) => {
    const plan = machinePlan(match, { facts, origin, around, logTo });
    return kernelLineProblems(plan).map((problem) => ({ ...problem, place: { file: profile.file } }));
  });
}

function oneBuild({ system, file }: Profile): Failure {
  return new Failure('broken', `"auto" chooses between builds, and ${system} has one`, {
    place: { file, key: 'arch' },
    remedy: 'write "amd64" or "arm64", and a profile for each kind of machine',
  });
}

function plainProblems(document: SourceDocument, kind: DocumentKind, profile: Profile): readonly FileDiagnostic[] {
  const context = { file: document.file, system: profile.system, version: profile.version };
  return [...checkDocumentBytes(kind, document.bytes, context), ...strayMarks(document, kind)];
}

/** Braces that nothing will replace, and quotes that are part of the value: right in YAML, and never meant. */
function strayMarks(document: SourceDocument, kind: DocumentKind): readonly FileDiagnostic[] {
  const yaml = kind === 'cloud_config' || kind === 'nocloud';
  return textOf(document)
    .split('\n')
    .flatMap((text, index) => {
      const line = index + 1;
      const tag =
        /\{\{[#/]?\s*(?:(?:if|each|unless|with)\s+)?(?:node|vars|profile|ssh_keys|base_url|cluster|report)\b/.exec(
          text,
        );
      if (tag !== null) {
        const place = { file: document.file, line, column: tag.index + 1 };
        const remedy = `rename the file to ${document.fileName}.hbs; profiles name it as before`;
        return [
          { severity: 'warning' as const, message: 'only a file that ends in .hbs is a template', place, remedy },
        ];
      }
      const curly = yaml
        ? /^\s*(?:- |[\w.-]+: +)*([\u201C-\u201F\u00AB])(.*)[\u201C-\u201F\u00BB]\s*$/d.exec(text)
        : null;
      if (curly === null) return [];
      const place = { file: document.file, line, column: (curly.indices?.[1]?.[0] ?? 0) + 1 };
      const message = 'typographic quotes belong to the value: YAML knows " and \' only';
      return [{ severity: 'warning' as const, message, place, remedy: `write "${curly[2] ?? ''}"` }];
    });
}

const SOME_MAC = '525400000000';
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
  const facts = nodeFacts(node ?? { mac: SOME_MAC });
  const problems = broken(() => {
    const samples = { hostKeys: SAMPLE_KEYS, clusters: SAMPLE_LINKS, sampleSecrets: true };
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
export function channelAdvice(profile: Profile): readonly FileDiagnostic[] {
  const { system, channel, file, raw } = profile;
  if (system === 'custom' || raw['channel'] === undefined) return [];
  try {
    for (const { arch } of builds(profile)) SYSTEMS[system].start({ channel, arch, install: false });
    return [];
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'invalid') return [];
    const { remedy = 'see docs/releases.md' } = error;
    const message = `"${channel}": ${error.message}`;
    return [{ severity: 'warning', message, place: { file, key: 'channel' }, remedy }];
  }
}
