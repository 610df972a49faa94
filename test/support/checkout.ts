import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const top = join(import.meta.dirname, '..', '..');

/** A copy of this checkout, so that building packages in it disturbs no test that uses dist/. */
export interface Checkout extends Disposable {
  readonly path: string;
}

/** What git knows or would add; no dist/. With `modules` the installed packages of this checkout, by a link. */
export function copyCheckout({ modules }: { readonly modules: boolean }): Checkout {
  const path = mkdtempSync(join(tmpdir(), 'pilotlight-checkout-'));
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: top });
  const made = new Set<string>();
  for (const file of list.toString().split('\0')) {
    if (file === '' || /^(?:test|bench|docs\/screenshots)\//.test(file)) continue;
    const folder = join(path, dirname(file));
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    copyFileSync(join(top, file), join(path, file));
  }
  if (modules) symlinkSync(join(top, 'node_modules'), join(path, 'node_modules'));
  return {
    path,
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
