import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext } from 'playwright-core';

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium';

// Without the last four it looks up and asks hosts of its own at every start.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

interface BrowserOptions {
  /** On a host of a LAN: a network namespace, needs root. */
  readonly netns?: string;
  readonly dark?: boolean;
  /** More command line. */
  readonly flags?: readonly string[];
}

const TOP = fileURLToPath(new URL('../..', import.meta.url));
let client: true | undefined;

/** A server that runs from src/ finds the editor there, whole at any moment; made once in a process. */
function buildClient(): true {
  const made = mkdtempSync(join(tmpdir(), 'pilotlight-client-'));
  execFileSync(process.execPath, [join(TOP, 'scripts/build.mjs'), '--client', made], { stdio: 'inherit' });
  mkdirSync(join(TOP, '.cache/client'), { recursive: true });
  const draft = join(TOP, `.cache/client/.${randomUUID()}.js`);
  copyFileSync(join(made, 'editor.js'), draft);
  renameSync(draft, join(TOP, '.cache/client/editor.js'));
  rmSync(made, { recursive: true });
  return true;
}

/** A browser with an empty profile. */
export async function openBrowser({ netns, dark = false, flags = [] }: BrowserOptions = {}): Promise<Browser> {
  client ??= buildClient();
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-browser-'));
  const start = join(folder, 'start.sh');
  // The pipe by which the browser is driven are descriptors that stay open over exec.
  writeFileSync(start, `#!/bin/sh\nexec ${netns === undefined ? '' : `ip netns exec ${netns} `}${CHROMIUM} "$@"\n`);
  chmodSync(start, 0o755);
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: start,
    headless: true,
    args: [...FLAGS, ...flags],
    colorScheme: dark ? 'dark' : 'light',
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
