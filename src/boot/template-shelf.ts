import { Failure } from '../model/failure.ts';
import type { SourceDocument } from '../catalog/snapshot.ts';
import { linesNotUtf8 } from '../documents/document-text.ts';
import { compileTemplate, type Template } from '../templates/template.ts';

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
      const [wrong] = linesNotUtf8(document.bytes);
      if (wrong !== undefined) throw notUtf8(document.file, wrong.line);
      const template = compileTemplate(document.bytes.toString('utf8'), document.file);
      templates.set(document, template);
      return template;
    },
  };
}

/** A text is rendered, not bytes: what is not UTF-8 would leave as another character. */
function notUtf8(file: string, line: number): Failure {
  return new Failure('broken', `not UTF-8, line ${String(line)}`, {
    place: { file, line },
    remedy: 'save the template as UTF-8',
  });
}
