import { Failure } from '../model/failure.ts';

/** Where a page ended: at a machine that was seen, or at one that never was. */
export type Place =
  | { readonly kind: 'seen'; readonly lastSeen: number; readonly id: number }
  | { readonly kind: 'never'; readonly name: string; readonly id: number };

export function placeText(place: Place): string {
  const parts = place.kind === 'seen' ? ['s', place.lastSeen, place.id] : ['n', place.name, place.id];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws Failure `invalid` for what no page ended with. */
export function parsePlace(text: string): Place {
  const parts = partsOf(text);
  const [kind, at, id] = parts;
  if (Number.isSafeInteger(id)) {
    if (kind === 's' && Number.isSafeInteger(at)) return { kind: 'seen', lastSeen: Number(at), id: Number(id) };
    if (kind === 'n' && typeof at === 'string') return { kind: 'never', name: at, id: Number(id) };
  }
  throw new Failure('invalid', 'no page ended there', {
    remedy: 'use the `next` of a page, or begin at the first page',
  });
}

function partsOf(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text.slice(0, 2000), 'base64url').toString('utf8'));
    return Array.isArray(parts) ? (parts as readonly unknown[]) : [];
  } catch {
    return [];
  }
}
