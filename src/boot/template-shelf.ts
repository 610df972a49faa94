import type { SourceDocument } from '../catalog/snapshot.ts';
import { compileTemplate, type Template } from '../render/template.ts';

/** Compiled templates: compiling is the slow half (up to seconds for a large file), so it is done once for each version. */
export interface TemplateShelf {
  /** Throws Failure `broken` with the file and the line. */
  compiled(document: SourceDocument): Template;
}

export function createTemplateShelf(): TemplateShelf {
  // A document of a snapshot is one object for as long as its bytes are the same; old versions fall out with it.
  const templates = new WeakMap<SourceDocument, Template>();
  return {
    compiled(document) {
      const known = templates.get(document);
      if (known !== undefined) return known;
      const template = compileTemplate(document.bytes.toString('utf8'), document.file);
      templates.set(document, template);
      return template;
    },
  };
}
