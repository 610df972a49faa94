import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Request, Response } from 'express';
import Handlebars from 'handlebars';
import { matchesTag } from '../../http/byte-range.ts';
import { makeReply } from '../../http/reply.ts';
import { type Draw, respond } from '../respond.ts';

/**
 * The templates in views/, compiled at their first use. Only this room's own files are compiled: what an operator or
 * a machine wrote is data. `strict`: a value that a template names and that is missing is a bug, not an empty string.
 */
export function readViews(): Draw {
  const folder = new URL('./views/', import.meta.url);
  const engine = Handlebars.create();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.hbs'))) {
    engine.registerPartial(file.slice(0, -'.hbs'.length), readFileSync(new URL(file, folder), 'utf8').trimEnd());
  }
  const compiled = new Map<string, Handlebars.TemplateDelegate>();
  return (view, data) => {
    let template = compiled.get(view);
    if (template === undefined) {
      const source: unknown = engine.partials[view];
      if (typeof source !== 'string') throw new TypeError(`there is no view ${view}`);
      template = engine.compile(source, { strict: true, knownHelpersOnly: true });
      compiled.set(view, template);
    }
    return template(data);
  };
}

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** A file that pages need: a style, the script, the mark in the tab. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** Of its bytes: an address with it never changes its meaning, so it may be kept for ever. */
  readonly digest: string;
}

/**
 * A program that the build makes of client/. A server that runs from src/ finds it where `npm run build:client --
 * .cache/client` has put it; undefined where it was not made.
 */
export function readBuilt(name: `${string}.js`): Asset | undefined {
  const places = ['./assets/', '../../../.cache/client/'].map((folder) => new URL(`${folder}${name}`, import.meta.url));
  const found = places.find((place) => existsSync(place));
  return found && assetOf(found);
}

/** A file of assets/, read now: the names are the ones written in this room, never one of an address. */
export function readAsset(name: `${string}.${keyof typeof TYPES}`): Asset {
  return assetOf(new URL(`./assets/${name}`, import.meta.url));
}

function assetOf(place: URL): Asset {
  const body = readFileSync(place);
  const type = TYPES[place.pathname.slice(place.pathname.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return { type, body, digest: createHash('sha256').update(body).digest('hex').slice(0, 12) };
}

/** The file, or 304 for a browser that has these very bytes. */
export function respondAsset(req: Request, res: Response, { type, body, digest }: Asset, caching: string): void {
  const tag = `"${digest}"`;
  const fresh = matchesTag(req.get('if-none-match'), tag);
  const headers = ['Content-Type', type, 'Cache-Control', caching, 'ETag', tag];
  respond(req, res, makeReply(fresh ? 304 : 200, headers, fresh ? Buffer.alloc(0) : body));
}
