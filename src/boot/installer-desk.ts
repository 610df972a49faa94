import { Failure } from '../model/failure.ts';
import { artifactUrl } from '../model/plan.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { contentTypeOf } from '../documents/document.ts';
import { installCloudConfig, installIgnition, reportIgnition } from '../documents/install-configs.ts';
import type { InstallJob } from '../documents/install-script.ts';
import { installDisk } from '../os/installing.ts';
import { systemOf } from '../os/systems.ts';
import type { DocumentAnswer, Question } from './boot-service.ts';
import { documentLinks, installLinks } from './links.ts';
import { decisionOf, whoIs } from './reasons.ts';

/**
 * What the live system of a machine boots with that its profile installs. It depends on the profile alone, not on
 * whether the machine is to be installed now: who got the kernel line a moment ago must also get this.
 */
export function installerDocument(
  kind: 'ignition' | 'cloud_config',
  match: Match,
  question: Question,
  snapshot: Pick<Snapshot, 'documents'>,
): DocumentAnswer {
  return {
    body: Buffer.from(installerText(kind, match, question, snapshot)),
    contentType: contentTypeOf(kind, ''),
    source: match.profile.file,
    decision: decisionOf(match, question.facts, 'install'),
  };
}

function installerText(
  kind: 'ignition' | 'cloud_config',
  match: Match,
  { facts, origin }: Question,
  { documents }: Pick<Snapshot, 'documents'>,
): string {
  const { profile } = match;
  const disk = installDisk(profile);
  const links = installLinks(match, facts, origin);
  if (disk === undefined) throw new Failure('not-found', `${profile.file} does not install ${whoIs(facts)}`);
  if (links === undefined) throw new Failure('invalid', 'nobody can be installed who does not say who it is');
  if (profile.system === 'fedora-coreos' && kind === 'ignition') return reportIgnition(links.report);
  if (profile.system !== 'coreos' && (profile.system !== 'flatcar' || kind !== 'ignition')) {
    throw new Failure('not-found', `${profile.system} does not install by this file`);
  }
  const system = systemOf(profile.system);
  const { ignition, cloud_config } = documentLinks(match, facts, origin, documents);
  // The folder below images/ without its version is what the installers call a mirror.
  const shelf = (system.shelf(profile) ?? '').replace(/\/[^/]*$/, '');
  const job: InstallJob = {
    system: profile.system,
    title: `${system.title} ${profile.version}`,
    version: profile.version,
    channel: profile.channel,
    disk,
    mirror: artifactUrl({ kind: 'shelf', path: shelf }, origin),
    documents: {
      ...(ignition === undefined ? {} : { ignition }),
      ...(cloud_config === undefined ? {} : { cloud_config }),
    },
    report: links.report,
  };
  return kind === 'ignition' ? installIgnition(job) : installCloudConfig(job);
}
