import { onTestFinished } from 'vitest';
import { type CatalogOptions, type LivingCatalog, openCatalog } from '../../src/catalog/catalog.ts';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';
import { readProfile, type ReadProfile } from '../../src/catalog/read-profile.ts';
import type { Inspector, Snapshot, SourceDocument } from '../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { type FileDiagnostic, problemLine } from '../../src/model/failure.ts';
import { type MachineFacts, parseLabel, parseMac, parseUuid } from '../../src/model/machine.ts';
import { type Log, type LogFields, SILENT } from '../../src/model/service.ts';

/** Finds nothing wrong. */
export const CONTENT: Inspector = { document: () => [], profile: () => [] };

const check = createProfileCheck();

/** Reads a profile from text as the catalog does. */
export function read(text: string | Buffer, file = 'profiles/p.json'): ReturnType<typeof readProfile> {
  return readProfile(file, Buffer.from(text), check);
}

/** A profile that must be good. */
export function good(value: object, file = 'profiles/p.json'): ReadProfile {
  const { thing, problems } = read(JSON.stringify(value, null, 2), file);
  if (thing === undefined) throw new Error(lines(problems).join('\n'));
  return thing;
}

export function lines(problems: readonly FileDiagnostic[]): readonly string[] {
  return problems.map(problemLine);
}

export function document(fileName: string, text = ''): SourceDocument {
  const template = fileName.endsWith('.hbs');
  const name = template ? fileName.slice(0, -4) : fileName;
  return { fileName, name, file: `configs/${fileName}`, template, bytes: Buffer.from(text), mtimeMs: 0 };
}

/** What a machine says of itself. */
export function facts(of: { readonly mac?: string; readonly uuid?: string; readonly serial?: string }): MachineFacts {
  const mac = parseMac(of.mac ?? '');
  const uuid = parseUuid(of.uuid ?? '');
  const serial = parseLabel(of.serial ?? '');
  return {
    mac,
    uuid,
    serial,
  };
}

/** A catalog that was not started yet; it is stopped with the test. */
export async function catalogOf(dir: string, options: Partial<CatalogOptions> = {}): Promise<LivingCatalog> {
  const catalog = openCatalog({ files: await openDataRoot(dir), inspector: CONTENT, log: SILENT, ...options });
  onTestFinished(() => catalog.stop(AbortSignal.abort()));
  return catalog;
}

/** Resolves when a snapshot is in force that is as wanted: now, or after a change. */
export async function until(catalog: LivingCatalog, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  if (wanted(catalog.current())) return catalog.current();
  return new Promise((resolve) => {
    const end = catalog.onChange((snapshot) => {
      if (!wanted(snapshot)) return;
      end();
      resolve(snapshot);
    });
  });
}

/** Remembers what was logged. */
export function listeningLog(): { readonly log: Log; readonly said: (LogFields & { readonly said: string })[] } {
  const said: (LogFields & { readonly said: string })[] = [];
  const say = (fields: LogFields, message: string): void => {
    said.push({ ...fields, said: message });
  };
  return { log: { debug: say, info: say, warn: say, error: say }, said };
}

/** Chance that can be repeated (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
