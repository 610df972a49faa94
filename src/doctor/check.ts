import { basename } from 'node:path';
import { Failure, failureLine, type FileDiagnostic } from '../model/failure.ts';
import { templateProblems } from '../boot/inspector.ts';
import { allMissingImages } from '../boot/missing-images.ts';
import { createTemplateCache } from '../boot/template-data.ts';
import { FOLDERS } from '../catalog/catalog-file.ts';
import { namedDocuments, type Snapshot } from '../catalog/snapshot.ts';
import type { Origin } from '../model/plan.ts';
import { whyNotWritable } from '../files/folder.ts';
import { MARKS_FOLDER } from '../machines/mark-file.ts';
import { unwritable } from '../machines/state-marker.ts';
import type { Settings } from '../settings/settings.ts';
import { keysThatEnd, readKnownKeys } from '../releases/keys.ts';
import { COREOS_KEYS } from '../os/coreos.ts';
import { SYSTEMS } from '../os/systems.ts';
import { trustedKeys } from '../os/feed-steps.ts';
import { type AppContext, likelyOrigin, readContext } from '../context/app-context.ts';

export interface CheckReport {
  readonly profiles: number;
  readonly nodes: number;
  readonly documents: number;
  /** How many times a template was rendered. */
  readonly rendered: number;
  readonly keys: number;
  readonly problems: readonly FileDiagnostic[];
}

/** Everything that can be known to be wrong without a machine: also what is too slow to look at on every change. */
export async function checkData(settings: Settings): Promise<CheckReport> {
  const appContext = await readContext(settings);
  const snapshot = appContext.catalog.current();
  const rendering = renderForEveryNode(snapshot, likelyOrigin(settings));
  const images = await allMissingImages(snapshot, likelyOrigin(settings), appContext.imageStore);
  const keys = await keyProblems(snapshot, appContext, settings);
  const state = [...appContext.marks.problems(), ...(await stateProblems(appContext))];
  const all = [
    ...state,
    ...folderAbove(settings.dataDir, snapshot),
    ...snapshot.problems,
    ...rendering.problems,
    ...images,
    ...keys,
    ...(settings.mistakes ?? []),
  ];
  return {
    profiles: snapshot.profiles.size,
    nodes: [...snapshot.profiles.values()].reduce((sum, profile) => sum + profile.nodes.length, 0),
    documents: snapshot.documents.size,
    rendered: rendering.count,
    keys: snapshot.keys.size,
    problems: withoutRepeats(all),
  };
}

/** A folder of the data directory that was named in its place. */
function folderAbove(dataDir: string, { problems }: Snapshot): readonly FileDiagnostic[] {
  const name = basename(dataDir);
  const without = problems.some(({ place }) => place.file === 'profiles');
  if (!without || !(FOLDERS as readonly string[]).includes(name)) return [];
  const remedy = 'name the folder that holds it: with --data-dir or PILOTLIGHT_DATA_DIR';
  const message = `this is the folder ${name}/ of a data directory`;
  return [{ severity: 'error', message, place: { file: name }, remedy }];
}

/** What keeps the server from installing machines; that this user may not write there says nothing of the server's. */
async function stateProblems({ catalog, files }: AppContext): Promise<readonly FileDiagnostic[]> {
  const found = catalog.current().installs ? await whyNotWritable(files, MARKS_FOLDER) : undefined;
  if (found === undefined) return [];
  const problem = unwritable(`state/machines cannot be written: ${found.why}`);
  return [found.kind === 'rights' ? { ...problem, severity: 'warning' } : problem];
}

function renderForEveryNode(snapshot: Snapshot, origin: Origin): { problems: FileDiagnostic[]; count: number } {
  const templates = createTemplateCache();
  const problems: FileDiagnostic[] = [];
  let count = 0;
  for (const profile of snapshot.profiles.values()) {
    for (const { kind, document } of namedDocuments(profile, snapshot.documents)) {
      for (const node of profile.nodes) {
        if (document.template) count += 1;
        const match = { profile, node, by: 'mac' } as const;
        problems.push(...templateProblems(document, kind, match, origin, snapshot, templates));
      }
    }
  }
  return { problems, count };
}

/** Publishers' keys that end soon, of the systems that the profiles follow. */
async function keyProblems(
  snapshot: Snapshot,
  { files }: AppContext,
  { sync }: Settings,
): Promise<readonly FileDiagnostic[]> {
  const followed = [...snapshot.profiles.values()].filter(({ update }) => update === 'auto');
  const problems: FileDiagnostic[] = [];
  for (const system of new Set(followed.map((profile) => profile.system))) {
    const place = { file: 'state/keys' };
    const ports = { root: files, keyFile: (of: typeof system) => sync.keyFiles[of] };
    try {
      const ends = await keysThatEnd(system, trustedKeys(SYSTEMS[system], sync.trust[system]), ports, Date.now());
      problems.push(...ends.map((end) => ({ severity: 'warning' as const, place, ...end })));
      if (system === 'coreos' && sync.mirrors.coreos !== undefined) problems.push(...(await noCoreosKey(ports, sync)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push({ severity: 'warning', place, message: failureLine(error) });
    }
  }
  return problems;
}

/** The only key that no server offers any more: without a copy of the operator's, a mirror is of no use. */
async function noCoreosKey(
  ports: Parameters<typeof readKnownKeys>[2],
  { trust }: Settings['sync'],
): Promise<readonly FileDiagnostic[]> {
  const pinned = trust.coreos ?? COREOS_KEYS;
  if ((await readKnownKeys('coreos', pinned, ports)).certificates.length > 0) return [];
  const file = 'state/keys/coreos.asc';
  const remedy = `put the key with the fingerprint ${pinned.join(' or ')} there; the server that offered it is gone`;
  return [{ severity: 'warning', place: { file }, message: 'is needed for the mirror of CoreOS, and missing', remedy }];
}

function withoutRepeats(problems: readonly FileDiagnostic[]): readonly FileDiagnostic[] {
  const seen = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...seen.values()].toSorted((a, b) =>
    a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0,
  );
}
