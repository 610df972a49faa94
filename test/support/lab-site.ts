import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from './lab-data.ts';
import { setUpLan, type Lan } from './lab-lan.ts';
import { bootMachine, type MachineOptions, type MachineRun } from './lab-machine.ts';
import { startServer, type LabServer } from './lab-server.ts';
import type { Payload } from './payload.ts';

const BASE = 'http://192.168.122.10:4777';

/**
 * A BIOS whose card's ROM is no iPXE, which QEMU has not. Our TFTP server knows an iPXE by the way it asks, and
 * gives it the script and no program: so this one hides its user class, as a plain ROM has none, and fetches the file that DHCP names
 * by HTTP.
 */
export const PLAIN_ROM = {
  kernel: '/usr/lib/ipxe/ipxe.lkrn',
  rom: 'none',
  // A router's answer has a next server, too: itself. The proxy's is another one.
  append:
    'set user-class PXEClient && dhcp && chain --autofree http://${next-server}:4777/firmware/${filename} || ' +
    'chain --autofree http://${proxydhcp/next-server}:4777/firmware/${filename}',
} as const;

export interface LabNode {
  readonly name: string;
  readonly mac: string;
  readonly ip?: string;
}

/** A LAN with the built server at 192.168.122.10 and a profile that claims the nodes; no DHCP server runs yet. */
export interface Site {
  readonly lan: Lan;
  readonly server: LabServer;
  readonly nodes: readonly LabNode[];
  readonly dataDir: string;
}

export interface SiteOptions {
  /** A name for its namespaces: 1-8 small letters and digits. */
  readonly name: string;
  readonly payload: Payload;
  readonly nodes: readonly LabNode[];
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of boot programs for firmware/ of the data directory, in place of the host's. */
  readonly firmware?: string;
  /** More keys of the profile. */
  readonly profile?: {
    readonly arch?: 'arm64';
    readonly secure_boot?: true;
    readonly console?: readonly string[];
    readonly kernel_args?: readonly string[];
  };
}

/** Sets the site up, lets `work` work on it, and takes everything down. */
export async function onSite(options: SiteOptions, work: (site: Site) => Promise<void>): Promise<void> {
  const { name, payload, nodes, env = {}, firmware, profile = {} } = options;
  using lan = setUpLan(name, nodes.length);
  await using data = await makeDataFolder({
    'configs/seed.yml.hbs': '#cloud-config\nhostname: {{node.name}} # asked for by {{base_url}}\n',
    'profiles/seed.json': { system: 'flatcar', version: '4593.2.5', cloud_config: 'seed', nodes, ...profile },
  });
  await data.publish(payload, `flatcar/${profile.arch ?? 'amd64'}/4593.2.5`, FLATCAR_NAMES);
  if (firmware !== undefined) {
    mkdirSync(join(data.path, 'firmware'));
    for (const file of readdirSync(firmware)) copyFileSync(join(firmware, file), join(data.path, 'firmware', file));
  }
  const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69', ...env },
    netns,
  });
  await work({ lan, server, nodes, dataDir: data.path });
}

/** Boots node `i` and holds what it got against what it should get. */
export async function boots(
  site: Site,
  i: number,
  options: Omit<MachineOptions, 'mac' | 'lan'>,
  base = BASE,
): Promise<MachineRun> {
  const node = site.nodes[i];
  if (node === undefined) throw new TypeError(`no node ${i}`);
  const { name, mac } = node;
  const run = await bootMachine({ ...options, mac, lan: { netns: site.lan.gateway, tap: `tap${i}` } });
  expect(run.documents.map(({ url, bytes }) => [url, bytes.toString()])).toEqual([
    [
      `${base}/configs/seed.yml?mac=${mac.replaceAll(':', '-')}`,
      `#cloud-config\nhostname: ${name} # asked for by ${base}\n`,
    ],
  ]);
  return run;
}
