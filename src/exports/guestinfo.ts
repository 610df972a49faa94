import { gzipSync } from 'node:zlib';
import type { DocumentKind, SystemId } from '../model/profile.ts';
import type { NodeDocument } from './node-document.ts';

/**
 * What each system reads from VMware's guestinfo. Where Flatcar has both, Ignition comes first: its cloud-config parser
 * reads the same variable and leaves a cloud-config alone that stands beside.
 */
export const GUESTINFO_KINDS: Readonly<Record<SystemId, readonly DocumentKind[]>> = {
  coreos: ['ignition', 'cloud_config'],
  flatcar: ['ignition', 'cloud_config'],
  'fedora-coreos': ['ignition'],
  debian: [],
  ubuntu: ['nocloud'],
  talos: [],
  custom: ['ignition', 'cloud_config', 'nocloud'],
};

/**
 * Lines for a VM's .vmx file. The data are gzip and base64, as every one of these readers takes them: text as it is
 * would need escapes for quotes and percent signs, and has a limit sooner. `metaData` is NoCloud's.
 */
export function guestinfo(document: Pick<NodeDocument, 'kind' | 'profile' | 'body'>, metaData: string): string {
  const { kind, profile, body } = document;
  if (kind === 'nocloud') return variable('guestinfo.metadata', metaData) + variable('guestinfo.userdata', body);
  // Container Linux' Ignition (0.x) knows only the variable of its cloud-config.
  const modern = kind === 'ignition' && profile.system !== 'coreos';
  return variable(modern ? 'guestinfo.ignition.config.data' : 'guestinfo.coreos.config.data', body);
}

function variable(name: string, value: string | Uint8Array): string {
  const bytes = gzipSync(value, { level: 9 });
  // The header's time is 0 already; its tenth byte names the operating system, and the same input must give the same bytes.
  bytes[9] = 255;
  return `${name} = "${bytes.toString('base64')}"\n${name}.encoding = "gzip+base64"\n`;
}
