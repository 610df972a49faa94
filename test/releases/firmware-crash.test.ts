import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importFirmware, listFirmware } from '../../src/releases/firmware-files.ts';
import { settingsFor } from '../support/app-context.ts';
import { ipxeRelease } from '../support/boot-programs.ts';
import { makeFolder } from '../support/folder.ts';

const ENTRY = fileURLToPath(new URL('../support/sync-crash.ts', import.meta.url));

/** The versions of what machines are handed out, of those that say one and are imported. */
async function handedOut(dir: string): Promise<readonly (string | undefined)[]> {
  const programs = (await listFirmware(settingsFor(dir))).filter(({ file }) => file?.startsWith(dir));
  return [...new Set(programs.filter(({ title }) => !/BIOS|shim/.test(title)).map(({ version }) => version))];
}

describe('kill -9 in an import of boot programs', () => {
  it.each([
    ['while the new ones are written', 'fs.rename 3 after .import.draft', '1.21.1'],
    ['before they come into force', 'fs.rename 1 before firmware/.incoming', '1.21.1'],
    ['after they came into force', 'fs.rename 1 after firmware/.incoming', '2.0.0'],
    ['between the files', 'fs.rename 4 after firmware/.incoming/', '2.0.0'],
    ['before the last one has its place', 'fs.rename 1 before .incoming/programs.json', '2.0.0'],
  ])(
    '%s: machines get all of the old or all of the new, and the next import finishes',
    { timeout: 60_000 },
    async (...row) => {
      const [, point, version] = row;
      const dir = makeFolder();
      for (const release of ['1.21.1', '2.0.0', '2.1.0']) {
        writeFileSync(join(dir, `${release}.tar`), ipxeRelease(release));
      }
      await importFirmware(settingsFor(dir), dir, '1.21.1.tar');
      expect(await handedOut(dir)).toEqual(['1.21.1']);

      const args = ['--import', 'tsx', ENTRY, 'firmware', 'import', join(dir, '2.0.0.tar'), '--data-dir', dir];
      const env = { PATH: process.env['PATH'] ?? '', CRASH: point };
      const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
      // A point that is never reached would make the test prove nothing.
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

      expect(await handedOut(dir)).toEqual([version]);
      await importFirmware(settingsFor(dir), dir, '2.1.0.tar');
      expect(await handedOut(dir)).toEqual(['2.1.0']);
      expect(readdirSync(join(dir, 'firmware')).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(existsSync(join(dir, 'firmware/programs.json'))).toBe(true);
    },
  );
});
