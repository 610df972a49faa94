import { Failure } from '../model/failure.ts';

/** What a published release holds and what was verified of it: written beside its files when it is published. */
export interface ReleaseManifest {
  readonly files: Readonly<Record<string, ManifestFile>>;
}

export interface ManifestFile {
  readonly size: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  readonly sha512?: string;
}

/** A release below images/. */
export interface ShelfRelease {
  /** Below images/. */
  readonly shelf: string;
  /** System, channel and architecture: releases are counted for each of these. */
  readonly series: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** The publisher's signature over the version itself was checked. */
  readonly versionSigned?: boolean;
  /** An operator put it there: no publisher's word was checked, and it is never removed. */
  readonly byHand?: true;
  /** Set with `byHand`: it was uploaded with a digest for each file. */
  readonly digestsGiven?: true;
}

/** The manifest's name in a version's folder. Names with a leading dot are never served. */
export const MANIFEST_NAME = '.pilotlight.json';
/** No manifest is larger. */
export const MANIFEST_BYTES = 1024 * 1024;

/** Reads a manifest's text; throws `broken` when it is none. */
export function parseManifest(text: string): ReleaseManifest {
  const value = parseJson(text);
  const files = isRecord(value) ? value['files'] : undefined;
  if (!isRecord(files)) throw notManifest();
  return { files: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, parseFile(file)])) };
}

export function manifestText(manifest: ReleaseManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

function parseFile(value: unknown): ManifestFile {
  if (!isRecord(value)) throw notManifest();
  const { size, sha256, sha512 } = value;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw notManifest();
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw notManifest();
  if (sha512 === undefined) return { size, sha256 };
  if (typeof sha512 !== 'string' || !/^[0-9a-f]{128}$/.test(sha512)) throw notManifest();
  return { size, sha256, sha512 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notManifest(error);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notManifest(cause?: unknown): Failure {
  return new Failure('broken', 'not a release manifest', { place: { file: MANIFEST_NAME }, cause });
}
