import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FLATCAR_NAMES } from './lab-data.ts';
import { setUpLan } from './lab-lan.ts';
import { startMachine } from './lab-machine.ts';
import { startServer } from './lab-server.ts';
import { type Payload, place } from './payload.ts';

/** The machine of the docs. */
const MAC = '52:54:00:55:1c:ee';
const BASE = 'http://192.168.122.10:4777';

export interface FirstMachine {
  /** Names its namespaces: 1-8 small letters and digits. */
  readonly name: string;
  readonly payload: Payload;
  /** The data directory, as this host sees it, with the profile flatcar. */
  readonly data: string;
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs commands of the docs behind the words that enter the server's namespace. */
  readonly sh: (lines: string, from?: readonly string[]) => string;
  /** What is said when the machine waits; its last line shows the machine. */
  readonly after: string;
}

/** Starts the server beside a DHCP server that knows nothing of it, switches a machine on, adopts it and sees it up. */
export async function firstMachine({ name, payload, data, program, env, sh, after }: FirstMachine): Promise<void> {
  using lan = setUpLan(name, 1);
  // In place of the release sync, which would ask the publisher; and of the unit that says "I am up", for which the small
  // system of the tests has no systemd.
  const file = join(data, 'profiles/flatcar.json');
  const profile = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  const shelf = join(data, 'images/flatcar/amd64', profile.version);
  await place(payload.kernel, join(shelf, FLATCAR_NAMES.kernel));
  await place(payload.initramfs, join(shelf, FLATCAR_NAMES.initramfs));
  const up = `phone-home-url=${BASE}/phone-home/${MAC.replaceAll(':', '-')}`;
  writeFileSync(file, `${JSON.stringify({ ...profile, kernel_args: [up] }, null, 2)}\n`);

  const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
  await using server = await startServer({ dataDir: data, program, env, netns });
  lan.run('dhcp', 'plain');
  await using machine = startMachine({ name, mac: MAC, lan: { netns: lan.gateway, tap: 'tap0' }, timeoutSeconds: 400 });
  await machine.until(/No profile claims this machine/);
  const from = ['ip', 'netns', 'exec', lan.server];
  sh(after, from);
  expect((await machine.done()).text).toContain('BOOT-OK');
  const look = after.trimEnd().split('\n').at(-1) ?? '';
  expect(server.log()).toContain('dhcp: told where to boot from');
  // The journal writes a few times a second.
  const state = (): unknown => (JSON.parse(sh(`${look} --json`, from)) as { row: { state: string } }).row.state;
  await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe('up');
}

/** The two blocks of commands of a page's section: before the machine is switched on, and after. */
export function scriptOf(page: string, heading: string): readonly [string, string] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', page), 'utf8');
  const section = text.split(/^(?=#+ )/m).find((part) => part.split('\n')[0]?.includes(heading)) ?? '';
  const [before, after] = [...section.matchAll(/^```sh\n([^]*?)^```/gm)].map((match) => match[1] ?? '');
  if (before === undefined || after === undefined) throw new Error(`${page} has no two blocks below "${heading}"`);
  return [before, after];
}
