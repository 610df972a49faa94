import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Files of a data directory by their path: text as it is, anything else as JSON. */
export type FolderFiles = Readonly<Record<string, string | Buffer | object>>;

/** A data directory of its own, gone when the test is over. */
export function makeFolder(files: FolderFiles = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'pilotlight-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  for (const name of ['profiles', 'configs', 'images', 'sshkeys']) mkdirSync(join(dir, name));
  addFiles(dir, files);
  return dir;
}

export function addFiles(dir: string, files: FolderFiles): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content, null, 2),
    );
  }
}
