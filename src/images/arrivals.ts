import type { DataRoot } from '../files/data-root.ts';
import { readProgress, type ProgressNote, type TargetProgress } from './download-progress.ts';

const FRESH_MS = 1000;

/** Tells a machine that waits what the release sync does about it, in whichever process that runs. */
export function createArrivals(files: DataRoot, now: () => number): (profile: string) => Promise<readonly string[]> {
  let note: Promise<ProgressNote | undefined> | undefined;
  let readAt = 0;
  return async (profile) => {
    const at = now();
    // A hundred machines that wait read the file once a second, not each.
    if (note === undefined || Math.abs(at - readAt) >= FRESH_MS) {
      readAt = at;
      note = readProgress(files, at);
    }
    const known = await note;
    const target = Object.values(known?.targets ?? {}).find(({ profiles }) => profiles.includes(profile));
    return known === undefined || target === undefined ? [] : linesOf(known.running, target);
  };
}

function linesOf(running: boolean, { state, version, received, size, message }: TargetProgress): readonly string[] {
  const what = `version ${version ?? ''}`.trim();
  if (state === 'failed') return [`The ${running ? '' : 'last '}release sync failed: ${message ?? ''}`];
  if (!running) return state === 'published' ? [] : ['The last release sync did not finish.'];
  switch (state) {
    case 'waiting':
      return ['The release sync is at work and will come to this one.'];
    case 'fetching':
      return [`The release sync fetches ${what}: ${percent(received, size)}`];
    case 'verifying':
      return [`The release sync verifies ${what}.`];
    case 'published':
      return [`The release sync has published ${what}.`];
  }
}

function percent(received: number, size: number): string {
  const mib = (bytes: number): string => `${String(Math.round(bytes / 2 ** 20))} MiB`;
  return size === 0 ? mib(received) : `${String(Math.floor((received / size) * 100))} % of ${mib(size)}`;
}
