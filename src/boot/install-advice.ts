import type { FileDiagnostic } from '../model/failure.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Profile } from '../model/profile.ts';
import { namedDocuments, type NamedDocument, type Snapshot, type SourceDocument } from '../catalog/snapshot.ts';
import { checkDocumentBytes, isPacked } from '../documents/document.ts';
import { installAutoinstall } from '../documents/install-configs.ts';
import { hasComment, readPreseed, UNREADABLE_LATE_COMMAND } from '../documents/preseed.ts';
import { documentText } from '../text/text.ts';
import { addPhoneHome, replacesItself } from '../documents/phone-home.ts';

/** Where the profile asks for an installation or a phone-home that would not happen: warnings, nothing is broken by it. */
export function installAdvice(profile: Profile, { documents }: Pick<Snapshot, 'documents'>): readonly FileDiagnostic[] {
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

const NOBODY = 'installed without a document, nobody could log in to the machine';
const ASKS = 'the installer asks its questions on the screen, and reports to nobody';
const WITHOUT: Readonly<Partial<Record<Profile['system'], readonly [readonly DocumentKind[], string]>>> = {
  coreos: [['ignition', 'cloud_config'], NOBODY],
  flatcar: [['ignition', 'cloud_config'], NOBODY],
  'fedora-coreos': [['ignition'], NOBODY],
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
    found.push(problem(document, UNREADABLE_LATE_COMMAND, 'remove it; until then the installer reports to nobody'));
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
  const remedy =
    'put the answers below "autoinstall:" in a "#cloud-config"; until then the installer reports to nobody';
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
