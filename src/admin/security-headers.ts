import type { NextFunction, Request, Response } from 'express';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** On every answer of this door, its errors included. */
export const SECURITY_HEADERS: ReadonlyMap<string, string> = new Map([
  // No inline script and no inline style: what a machine reports could not run even if it became markup.
  ['Content-Security-Policy', POLICY],
  ['X-Content-Type-Options', 'nosniff'],
  // Not `no-referrer`: under it browsers post a form with `Origin: null` (Fetch, 4.6, "append a request Origin
  // header"), which says nothing. To other sites this one is as silent.
  ['Referrer-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'],
]);

export function securityHeaders(_req: Request, res: Response, next: NextFunction): void {
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value);
  next();
}
