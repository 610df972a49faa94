import type { IncomingMessage } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import type { Request } from 'express';
import { readBody } from '../../http/read-body.ts';
import { Failure } from '../../model/failure.ts';
import type { MachineKey } from '../../model/machine.ts';
import { machineKeyFrom } from '../service/known-nodes.ts';

const MAX_FIELDS = 200;

/** A form's fields; an object without a prototype. Throws `too-large` and, for anything but a plain form, `invalid`. */
export async function readForm(req: IncomingMessage, maxBytes: number): Promise<ParsedUrlQuery> {
  refuseCoded(req);
  if (mediaType(req) !== 'application/x-www-form-urlencoded') {
    throw new Failure('invalid', 'the body is not a form', { remedy: 'send application/x-www-form-urlencoded' });
  }
  return parse((await readBody(req, maxBytes)).toString('utf8'), '&', '=', { maxKeys: MAX_FIELDS });
}

/** `application/json; charset=utf-8` is `application/json`. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
}

/** A few compressed bytes can be a gigabyte. */
export function refuseCoded(req: IncomingMessage): void {
  const coding = req.headers['content-encoding'];
  if (coding === undefined || coding === 'identity') return;
  throw new Failure('invalid', 'the body is compressed', { remedy: 'send it without Content-Encoding' });
}

const MAX_FIELD = 256;

/** A parameter of the address; undefined when it is empty, too long or there twice. */
export function queryText(req: Request, name: string): string | undefined {
  return shortText(req.query[name]);
}

/** A field of the posted form; undefined when it is empty. */
export function fieldText(req: Request, name: string): string | undefined {
  return shortText(fieldsOf(req)[name]);
}

/** A field that may be there more than once: the boxes that are ticked. */
export function fieldList(req: Request, name: string): readonly string[] {
  const value = fieldsOf(req)[name];
  return (Array.isArray(value) ? value : [value]).flatMap((one) => shortText(one) ?? []);
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

/** The machine in the path. Throws Failure `invalid`. */
export function machineKeyOf(req: Request): MachineKey {
  return machineKeyFrom(pathText(req, 'key'));
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
