import type { HealthView } from '../../model/office-views.ts';
import { diskSpace } from '../../releases/disk-space.ts';
import type { OfficeDeps } from './deps.ts';
import { sizeText, troublesOf } from './health.ts';

/** What is wrong, with remedies, and what a person asks first. */
export async function healthView(deps: OfficeDeps): Promise<HealthView> {
  const { catalog, files, journal, marks, settings } = deps;
  const snapshot = catalog.current();
  const nodes = [...snapshot.profiles.values()].reduce((sum, profile) => sum + profile.nodes.length, 0);
  const { free, total } = await diskSpace(files.dir);
  const { on, lost } = journal.status();
  const { host, port } = settings.http;
  const facts = [
    ['Profiles in force', String(snapshot.profiles.size)],
    ['Machines that they name', String(nodes)],
    ['Documents', String(snapshot.documents.size)],
    ['HTTP', `${host.includes(':') ? `[${host}]` : host}:${String(port)}`],
    ['TFTP', settings.tftp === undefined ? 'off' : `port ${String(settings.tftp.listen.port)}`],
    ['DHCP', settings.dhcp === undefined ? 'off' : 'proxy'],
    ['Release sync', settings.sync.schedule ?? 'off'],
    ['Journal', on ? (lost === 0 ? 'on' : `on, ${String(lost)} events lost`) : 'off'],
    ['Disk', `${sizeText(free)} of ${sizeText(total)} free`],
    ['Memory', sizeText(process.memoryUsage.rss())],
    ['Node.js', process.versions.node],
  ] as const;
  return {
    version: deps.version,
    uptimeSeconds: Math.round(deps.uptime()),
    problems: [...marks.problems(), ...snapshot.problems],
    troubles: await troublesOf(deps),
    facts: facts.map(([name, value]) => ({ name, value })),
  };
}
