import { dirname, basename } from 'node:path/posix';
import { Failure } from '../model/failure.ts';
import { type DataRoot } from '../files/data-root.ts';
import { identityOf, type FileFacts } from '../files/file-facts.ts';
import { MANIFEST_NAME, parseManifest, type ReleaseManifest } from './manifest.ts';

const LARGEST_MANIFEST = 1024 * 1024;

/**
 * A strong ETag (RFC 9110 8.8.1), with its quotes. The SHA-256 that was verified when the release was published, the
 * same on every server and after every restore; for files that no manifest vouches for, what the file system knows.
 */
export async function etagOf(root: DataRoot, place: string, facts: FileFacts): Promise<string> {
  const sha256 = await publishedHash(root, place, facts);
  return `"${sha256 ?? identityOf(facts)}"`;
}

async function publishedHash(root: DataRoot, place: string, facts: FileFacts): Promise<string | undefined> {
  try {
    const manifest = await root.read(`${dirname(place)}/${MANIFEST_NAME}`, LARGEST_MANIFEST);
    const file = fileOf(parseManifest(manifest.bytes.toString('utf8')), basename(place));
    // A file that was touched after the manifest was written is not surely the one that was hashed.
    return file?.size === facts.size && facts.ctimeNs <= manifest.ctimeNs ? file.sha256 : undefined;
  } catch (error) {
    // No manifest, or a damaged one: `check` speaks of it, the file can be delivered all the same.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function fileOf(manifest: ReleaseManifest, name: string): ReleaseManifest['files'][string] | undefined {
  return Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
}
