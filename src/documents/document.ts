import type { DocumentKind, SystemId } from '../model/profile.ts';
import type { FileDiagnostic } from '../model/failure.ts';
import { Diagnostics } from '../text/diagnostics.ts';
import { documentText, linesNotUtf8, shown } from '../text/text.ts';
import { readYaml } from '../text/yaml.ts';
import { checkVariables } from './adapt-cloud-config.ts';
import { checkAutoinstall } from './autoinstall.ts';
import { checkCloudConfig, type CloudConfigTarget } from './cloud-config.ts';
import { checkIgnition } from './ignition.ts';
import { checkKickstart } from './kickstart.ts';
import { checkPreseed } from './preseed.ts';

/** What a document is checked for. */
interface DocumentContext extends CloudConfigTarget {
  /** `configs/a.yml`: where it is, for what is found. */
  readonly file: string;
  /** The release that the machine boots; some read less than others. */
  readonly version?: string;
}

// Far over every real configuration (Ignition files with contents in data URLs included), and read in under a second.
const MAX_LENGTH = 1024 * 1024;

/** Everything wrong with a file as it lies in configs/, in the order of its lines. Pure; never throws for any bytes. */
export function checkDocumentBytes(
  kind: DocumentKind,
  bytes: Buffer,
  context: DocumentContext,
): readonly FileDiagnostic[] {
  // Nothing is known of what reads a generic document: any bytes are fine.
  if (kind === 'generic') return [];
  if (isPacked(kind, bytes)) {
    const message = 'gzipped user-data are delivered as they are, without being checked';
    const remedy = 'the machine unpacks them; keep them unpacked to have them checked';
    return [{ severity: 'warning', message, place: { file: context.file }, remedy }];
  }
  const [wrong] = linesNotUtf8(bytes).filter(({ bytes: line }) => matters(kind, line));
  if (wrong === undefined || isScript(kind, bytes)) return checkDocument(kind, documentText(bytes).text, context);
  const { line, column } = wrong;
  const message = `not UTF-8, line ${line}: ${READS[kind]}`;
  return [
    { severity: 'error', message, place: { file: context.file, line, column }, remedy: 'save the file as UTF-8' },
  ];
}

/** Whether the machine unpacks the document before it reads it: coreos-cloudinit and cloud-init do. */
export function isPacked(kind: DocumentKind | undefined, bytes: Buffer): boolean {
  // gzip (RFC 1952).
  return (kind === 'cloud_config' || kind === 'nocloud') && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What the reader makes of a byte that is not UTF-8. */
const READS: Readonly<Record<Exclude<DocumentKind, 'generic'>, string>> = {
  // yaml (readerc.go): "invalid leading UTF-8 octet".
  cloud_config: 'the machine refuses the whole document',
  nocloud: 'cloud-init refuses the whole document',
  // encoding/json replaces the byte by U+FFFD.
  ignition: 'Ignition reads another character in its place',
  preseed: 'the installer speaks UTF-8 only, and takes the bytes over as they are',
  // pykickstart opens the file as text; Anaconda's locale is UTF-8.
  kickstart: 'Anaconda refuses the whole file',
};

/** A comment of a preseed is read by nothing. */
function matters(kind: DocumentKind, line: Buffer): boolean {
  return kind !== 'preseed' || !/^\s*#/.test(line.toString('latin1'));
}

/** Scripts and MIME parts: they are not read as YAML, and say themselves what their bytes mean. */
function isScript(kind: DocumentKind, bytes: Buffer): boolean {
  if (kind !== 'cloud_config' && kind !== 'nocloud') return false;
  const head = bytes.subarray(0, 4096).toString('latin1');
  return /^(?:#!|#cloud-boothook|#part-handler|content-type:)|mime-version:/i.test(head);
}

/**
 * Everything wrong with a document as it would be delivered (a template: as it was rendered), in the order of its lines.
 * Pure; never throws for a text, whatever is in it.
 */
export function checkDocument(kind: DocumentKind, text: string, context: DocumentContext): readonly FileDiagnostic[] {
  const diagnostics = new Diagnostics(text, context.file);
  if (text.length > MAX_LENGTH) {
    diagnostics.warn('documents over 1 MiB are delivered without being checked', {
      remedy: 'fetch large files by URL',
    });
  } else if (text.includes('\0')) {
    diagnostics.error('there is a NUL character in this text', { offset: text.indexOf('\0'), remedy: 'remove it' });
  } else {
    check(kind, text, context, diagnostics);
  }
  return diagnostics.sorted();
}

function check(kind: DocumentKind, text: string, context: DocumentContext, diagnostics: Diagnostics): void {
  switch (kind) {
    case 'cloud_config':
      checkVariables(text, context, diagnostics);
      // On these two it is coreos-cloudinit that reads it, elsewhere cloud-init.
      if (isCoreos(context.system)) checkCloudConfig(text, context, diagnostics);
      else checkUserData(text, context.system, diagnostics);
      return;
    case 'ignition':
      checkIgnition(text, context, diagnostics);
      return;
    case 'nocloud':
      checkUserData(text, context.system, diagnostics);
      return;
    case 'preseed':
      checkPreseed(text, diagnostics);
      return;
    case 'kickstart':
      checkKickstart(text, diagnostics);
      return;
    case 'generic':
  }
}

function isCoreos(system: SystemId | undefined): boolean {
  return system === undefined || system === 'coreos' || system === 'flatcar';
}

/** NoCloud's user-data, for cloud-init and for Ubuntu's installer. */
export function checkUserData(text: string, system: SystemId | undefined, diagnostics: Diagnostics): void {
  const first = text.slice(0, 1024).split('\n', 1)[0]?.trimEnd() ?? '';
  if (text.trim() === '') {
    const remedy = 'begin with "#cloud-config"';
    diagnostics.warn('the user-data are empty: cloud-init does nothing', { offset: 0, remedy });
    return;
  }
  const header = HEADERS.find((word) => first.toLowerCase().startsWith(word));
  // cloud-init takes for MIME whatever names a version of it in its first 4 KiB.
  const mime = /^content-type: *multipart\/|mime-version:/i.test(text.slice(0, 4096));
  if (!mime && header === undefined) {
    const remedy = text.startsWith('\ufeff')
      ? 'save the file without a byte order mark'
      : 'begin the file with the line "#cloud-config"';
    diagnostics.error(`cloud-init does not know the first line ${shown(first)}`, { offset: 0, remedy });
    return;
  }
  const config = !mime && header === '#cloud-config';
  const tree = config ? readYaml(text, diagnostics, 'warning') : undefined;
  if (tree !== undefined && tree.kind !== 'map' && !(tree.kind === 'scalar' && tree.value === null)) {
    diagnostics.error('the document is not a map of keys', {
      offset: tree.offset,
      remedy: 'write keys such as "autoinstall:"',
    });
    return;
  }
  if (tree?.kind === 'map' && tree.entries.some(({ key }) => key === 'autoinstall')) {
    checkAutoinstall(tree, diagnostics);
    return;
  }
  if (system !== 'ubuntu' || !config || diagnostics.all.length > 0) return;
  diagnostics.warn('without "autoinstall:" Ubuntu\'s installer asks its questions on the screen', {
    offset: 0,
    remedy: 'put the answers below "autoinstall:" with "version: 1"',
  });
}

/**
 * How user-data may begin (cloud-init's documentation, "User data formats"). Like cloud-init: as the beginning of the text,
 * in any case; what follows on the line is its own business (`#include http://...`).
 */
const HEADERS = [
  '#cloud-config-archive',
  '#cloud-config-jsonp',
  '#cloud-config',
  '#include-once',
  '#include',
  '#cloud-boothook',
  '#part-handler',
  '#upstart-job',
  '## template: jinja',
  '#!',
];

/**
 * NoCloud's meta-data for a machine. `instance-id` is what makes cloud-init run again, so it must be the machine's own;
 * both values are given as JSON, which is YAML.
 */
export function metaData(machine: { readonly id: string; readonly hostname?: string }): string {
  const hostname = machine.hostname === undefined ? '' : `local-hostname: ${JSON.stringify(machine.hostname)}\n`;
  return `instance-id: ${JSON.stringify(machine.id)}\n${hostname}`;
}

/** No reader looks at it (Ignition and coreos-cloudinit were tried); it is for people with a browser. */
export function contentTypeOf(kind: DocumentKind | undefined, fileName: string): string {
  return kind === 'ignition' || /\.(?:ign|json)$/.test(fileName) ? 'application/json' : 'text/plain; charset=utf-8';
}
