import type { DocumentKind, SystemId } from '../domain/profile.ts';
import { checkCloudConfig, checkVariables, type CloudConfigTarget } from './cloud-config.ts';
import { Findings, type Finding } from './finding.ts';
import { checkIgnition } from './ignition.ts';
import { checkPreseed } from './preseed.ts';
import { checkUserData } from './user-data.ts';

/** What a document is checked for. */
export interface DocumentContext extends CloudConfigTarget {
  /** Without `.hbs`. */
  readonly fileName: string;
}

// Far over every real configuration (Ignition files with contents in data URLs included), and read in under a second.
const MAX_LENGTH = 1024 * 1024;

/**
 * Everything wrong with a document as it would be delivered (a template: as it was rendered), in the order of its lines.
 * Pure; never throws for a text, whatever is in it.
 */
export function checkDocument(kind: DocumentKind, text: string, context: DocumentContext): readonly Finding[] {
  const findings = new Findings(text);
  if (text.length > MAX_LENGTH) {
    findings.warn('documents over 1 MiB are delivered without being checked', { remedy: 'fetch large files by URL' });
  } else if (text.includes('\0')) {
    findings.error('there is a NUL character in this text', { offset: text.indexOf('\0'), remedy: 'remove it' });
  } else {
    check(kind, text, context, findings);
  }
  return findings.sorted();
}

function check(kind: DocumentKind, text: string, context: DocumentContext, findings: Findings): void {
  switch (kind) {
    case 'cloud_config':
      checkVariables(text, context, findings);
      // On these two it is coreos-cloudinit that reads it, elsewhere cloud-init.
      if (isCoreos(context.system)) checkCloudConfig(text, context, findings);
      else checkUserData(text, context.system, findings);
      return;
    case 'ignition':
      checkIgnition(text, context.system, findings);
      return;
    case 'nocloud':
      checkUserData(text, context.system, findings);
      return;
    case 'preseed':
      checkPreseed(text, findings);
      return;
    case 'kickstart':
    case 'generic':
  }
}

function isCoreos(system: SystemId | undefined): boolean {
  return system === undefined || system === 'coreos' || system === 'flatcar';
}

/** No reader looks at it (Ignition and coreos-cloudinit were tried); it is for people with a browser. */
export function contentTypeOf(kind: DocumentKind | undefined, fileName: string): string {
  return kind === 'ignition' || /\.(?:ign|json)$/.test(fileName) ? 'application/json' : 'text/plain; charset=utf-8';
}
