import { Failure } from '../model/failure.ts';
import type { DataRoot } from '../files/data-root.ts';
import { systemFailure } from '../files/system-error.ts';
import { MANIFEST_NAME, parseManifest } from '../images/manifest.ts';
import { startHashes } from './hashing.ts';

/** A published file, compared with what was recorded when it was published. */
export interface Audited {
  /** Below images/. */
  readonly path: string;
  readonly state: 'good' | 'changed' | 'missing';
}

/** Reads every file of a published release again. A damaged disk and a curious colleague both show here. */
export async function auditRelease(root: DataRoot, shelf: string): Promise<readonly Audited[]> {
  const manifest = parseManifest((await root.read(`images/${shelf}/${MANIFEST_NAME}`, 1024 * 1024)).bytes.toString());
  const results: Audited[] = [];
  for (const [name, recorded] of Object.entries(manifest.files)) {
    const path = `${shelf}/${name}`;
    const sha256 = await digestOf(root, `images/${path}`);
    results.push({ path, state: sha256 === undefined ? 'missing' : sha256 === recorded.sha256 ? 'good' : 'changed' });
  }
  return results;
}

async function digestOf(root: DataRoot, path: string): Promise<string | undefined> {
  try {
    const { handle } = await root.open(path);
    try {
      const hashes = startHashes(new Set());
      const buffer = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, hashes.size);
        if (bytesRead === 0) return hashes.hex('sha256');
        hashes.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw systemFailure(error, path);
  }
}
