import type { DocumentKind } from '../model/profile.ts';
import type { SourceDocument } from './snapshot.ts';

type Documents = ReadonlyMap<string, SourceDocument>;

/**
 * The document that a profile names: without `.hbs`, and a cloud-config also without `.yml`. For a cloud-config the
 * longer name is tried first, because coreos-ipxe-server always added `.yml`.
 */
export function findDocument(documents: Documents, kind: DocumentKind, name: string): SourceDocument | undefined {
  for (const candidate of documentNames(kind, name)) {
    const found = documentNamed(documents, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The document that a URL names: `a.yml` is configs/a.yml or configs/a.yml.hbs. */
export function documentNamed(documents: Documents, name: string): SourceDocument | undefined {
  return documents.get(name) ?? documents.get(`${name}.hbs`);
}

/** What the document may be called in configs/, without `.hbs`, in the order in which it is looked for. */
export function documentNames(kind: DocumentKind, name: string): readonly string[] {
  return kind === 'cloud_config' ? [`${name}.yml`, name] : [name];
}
