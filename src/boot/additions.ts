import type { MachineFacts } from '../model/machine.ts';
import type { Origin } from '../model/plan.ts';
import type { DocumentKind } from '../model/profile.ts';
import type { Match } from '../catalog/snapshot.ts';
import { installAutoinstall } from '../documents/install-configs.ts';
import { installPreseed } from '../documents/preseed.ts';
import { reportLinks } from './machine-plan.ts';
import { addPhoneHome } from '../documents/phone-home.ts';

/** The machine that reads the document. */
interface Reader {
  readonly match: Match;
  readonly facts: MachineFacts;
  readonly origin: Origin;
}

/**
 * A document with what its profile asks us to put in: the unit that phones home, and what lets Debian's and Ubuntu's
 * installers write to the profile's disk and report. What cannot be put in stays out; the inspector says so when the
 * file is saved.
 */
export function withAdditions(text: string, kind: DocumentKind, { match, facts, origin }: Reader): string {
  const { profile } = match;
  const reports = reportLinks(match, facts, origin);
  if (reports === undefined) return text;
  const told = profile.phone_home ? (addPhoneHome(kind, text, profile.system, reports.up) ?? text) : text;
  if (profile.install === undefined) return told;
  const { disk } = profile.install;
  const install = { disk, report: reports.installed };
  if (kind === 'preseed' && profile.system === 'debian') return installPreseed(told, install);
  if (kind === 'nocloud' && profile.system === 'ubuntu') return installAutoinstall(told, install) ?? told;
  return told;
}
