import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A file that every page needs: the style, the script, the mark in the tab. */
export interface Asset {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
  /** Of its bytes: an address with it never changes its meaning, so it may be kept for ever. */
  readonly digest: string;
  /** Where the door serves it. */
  readonly href: string;
}

export type AssetName = 'dashboard.css' | 'dashboard.js' | 'pilotlight.svg';

const TYPES: Readonly<Record<AssetName, string>> = {
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'pilotlight.svg': 'image/svg+xml',
};

/** All assets, read once. There is no other way to a file: the name in an address is only looked up here. */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(Object.entries(TYPES).map(([name, type]) => [name, readAsset(name, type)]));
}

function readAsset(name: string, type: string): Asset {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { name, type, body, digest, href: `/dashboard/assets/${name}?v=${digest}` };
}
