import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Vendors' public keys, signatures and feeds are not ours to hand on: whoever has copies of them names their folder,
// and everybody else runs without these tests.
const dir = process.env['REFERENCE_DIR'] ?? '';

/** Whether the folder that REFERENCE_DIR names holds this file. */
export function hasReference(file: string): boolean {
  return dir !== '' && existsSync(join(dir, file));
}

export function reference(file: string): Buffer {
  return readFileSync(join(dir, file));
}

/** The names in one of its folders. */
export function referenceFiles(folder: string): readonly string[] {
  return readdirSync(join(dir, folder));
}
