import type { Request } from 'express';
import { Failure } from '../../model/failure.ts';

const MAX_FIELD = 256;

/** A parameter of the address; undefined when it is empty, too long or there twice. */
export function queryText(req: Request, name: string): string | undefined {
  return shortText(req.query[name]);
}

/** A field of the posted form; undefined when it is empty. */
export function fieldText(req: Request, name: string): string | undefined {
  return shortText(fieldsOf(req)[name]);
}

/** A field that must be there. Throws Failure `invalid`. */
export function requiredField(req: Request, name: string): string {
  return fieldText(req, name) ?? absent(name);
}

/** A text area's field. Browsers send line ends as CR LF (HTML, 4.10.21.4); files here have LF. */
export function longField(req: Request, name: string): string {
  const value = fieldsOf(req)[name];
  return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : absent(name);
}

/** A part of the path, decoded. */
export function pathText(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}

/** What a page tells about a form that failed; anything but a Failure is thrown on. */
export function told(error: unknown): { readonly message: string; readonly remedy: string | undefined } {
  if (!(error instanceof Failure)) throw error;
  return { message: error.message, remedy: error.remedy };
}

function fieldsOf(req: Request): Readonly<Record<string, unknown>> {
  const body: unknown = req.body;
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_FIELD) return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

function absent(name: string): never {
  throw new Failure('invalid', `the field "${name}" is missing`, { remedy: 'go back, fill it in and try again' });
}
