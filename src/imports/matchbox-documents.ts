import { asFailure, Failure, type FileDiagnostic } from '../model/failure.ts';
import { parseName } from '../model/profile.ts';
import { compileTemplate } from '../templates/template.ts';
import { translateGoTemplate, type Untranslated } from './go-template.ts';
import { DOCUMENT_FOLDERS, type MatchboxDocument, type MatchboxFolder } from './matchbox-folder.ts';

/** A document in its new place. */
export interface ConvertedDocument {
  /** What a profile calls it. */
  readonly name: string;
  /** `configs/worker.ign`, or `configs/worker.yaml.hbs`. */
  readonly file: string;
  /** `ignition/worker.ign`. */
  readonly from: string;
  readonly content: string | Buffer;
}

/** What one document of matchbox becomes; undefined where it cannot become anything, which is told to `problems`. */
export type DocumentConverter = (kind: MatchboxDocument, id: string) => Promise<ConvertedDocument | undefined>;

type Fault = Omit<Untranslated, 'line'> & Partial<Pick<Untranslated, 'line'>>;

/** Each document once, however many profiles name it. */
export function documentConverter(folder: MatchboxFolder, problems: FileDiagnostic[]): DocumentConverter {
  const known = new Map<string, ConvertedDocument | undefined>();
  const taken = new Set<string>();
  return async (kind, id) => {
    const from = `${DOCUMENT_FOLDERS[kind]}/${id}`;
    if (known.has(from)) return known.get(from);
    const { made, faults = [] } = await read(kind, id);
    for (const { message, remedy, line } of faults)
      problems.push({
        severity: 'error',
        message,
        place: { file: from, ...(line === undefined ? {} : { line }) },
        remedy,
      });
    const document = made === undefined ? undefined : { ...made, from };
    if (document !== undefined) taken.add(document.name);
    known.set(from, document);
    return document;
  };

  async function read(kind: MatchboxDocument, id: string): Promise<Conversion> {
    try {
      return convert(kind, id, nameFor(kind, id), await folder.document(kind, id));
    } catch (error) {
      // One document that cannot be read is no reason to convert none.
      const { message, remedy = 'put a file there, or name another one' } = asFailure(error);
      return { faults: [{ message: `cannot be read: ${message}`, remedy }] };
    }
  }

  /** Two folders become one. */
  function nameFor(kind: MatchboxDocument, id: string): string | undefined {
    const plain = id.replace(/^\/+/, '').replace(/\.(?:go)?tmpl$/, '');
    return [plain, `${DOCUMENT_FOLDERS[kind]}-${plain.replaceAll('/', '-')}`].find(
      (one) => parseName(one) !== undefined && !/\.hbs$| /.test(one) && !taken.has(one),
    );
  }
}

interface Conversion {
  readonly made?: Omit<ConvertedDocument, 'from'>;
  readonly faults?: readonly Fault[];
}

function convert(kind: MatchboxDocument, id: string, name: string | undefined, bytes: Buffer | undefined): Conversion {
  if (bytes === undefined) return { faults: [{ message: 'is not there', remedy: 'matchbox answers 404 for it' }] };
  if (name === undefined)
    return { faults: [{ message: 'has a name that no document can have here', remedy: 'rename it' }] };
  const same = { made: { name, file: `configs/${name}`, content: bytes } };
  // matchbox hands these out as they are; all others are templates to it, whatever they are called.
  if (kind === 'ignition' && /\.ign(?:ition)?$/.test(id)) return same;
  const { isTemplate, text, faults } = translateGoTemplate(bytes.toString('utf8'));
  if (kind === 'ignition' && !/^\s*\{(?!\{)/.test(text))
    return { faults: [butane(name, `ignition/${id}`, isTemplate)] };
  if (faults.length > 0) return { faults };
  if (!isTemplate) return same;
  const file = `configs/${name}.hbs`;
  try {
    compileTemplate(text, file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, remedy = 'write it anew', place } = error;
    return { faults: [{ message: `would not be a template: ${message}`, remedy, line: place?.line ?? 1 }] };
  }
  return { made: { name, file, content: text } };
}

function butane(name: string, from: string, isTemplate: boolean): Fault {
  const ign = `${name.replace(/\.(?:ya?ml|bu|fcc)$/, '')}.ign`;
  return isTemplate
    ? {
        message: 'is Butane with Go templates in it: machines read Ignition, and `butane` reads no templates',
        remedy: `write it as configs/${ign}.hbs (\`pilotlight init\` writes an example), and name it as "ignition": "${ign}"`,
      }
    : {
        message: 'is Butane, which machines do not read',
        remedy: `\`butane ${from} > configs/${ign}\` (\`ct\` for one without "variant"), and name it as "ignition": "${ign}"`,
      };
}
