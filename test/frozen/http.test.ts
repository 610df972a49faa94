// What the HTTP server answered when the app context was rebuilt (November 2026), request for request: see README.md.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exchange } from '../support/http-raw.ts';
import { serveChild } from '../support/served.ts';
import { isRecording, normalized, readSession, writeSession, type Step } from './transcript.ts';

const HEADERS = [
  'content-type',
  'location',
  'allow',
  'accept-ranges',
  'content-range',
  'content-length',
  'retry-after',
];
const LONG = 120_000;

for (const [folder, session] of [
  ['lab', 'http-lab.txt'],
  ['lab', 'http-reports.txt'],
  ['legacy', 'http-legacy.txt'],
  ['broken', 'http-broken.txt'],
] as const) {
  it(`answers as it did: ${session}`, { timeout: LONG }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pilotlight-frozen-'));
    onTestFinished(() => {
      rmSync(dir, { recursive: true, force: true });
    });
    cpSync(join(import.meta.dirname, folder), dir, { recursive: true });
    // Recorded before reports carried tokens: that they count without one is a setting now.
    // Whether libc could be loaded is known some moments after the start, and /healthz says it.
    const env = { PILOTLIGHT_LOG_LEVEL: 'info', PILOTLIGHT_REPORTS: 'open', PILOTLIGHT_NATIVE: 'off' };
    const port = await serveChild(dir, { env }).port;
    const steps = readSession(session);
    const seen: Step[] = [];
    for (const { words } of steps) {
      seen.push({ words, outcome: normalized(await ask(port, words), { dir, port }) });
    }
    if (isRecording(steps)) writeSession(session, seen);
    else expect(seen).toEqual(steps);
  });
}

/** `METHOD TARGET`, then `; Header: value` as often as wanted, and `;; body` at the end. */
async function ask(port: number, words: string): Promise<string> {
  const [line = '', body = ''] = words.split(' ;; ');
  const [first = '', ...headers] = line.split(' ; ');
  const sent = ['Host: boot.example:4777', 'Connection: close', ...headers];
  if (first.startsWith('POST')) sent.push(`Content-Length: ${Buffer.byteLength(body)}`);
  const answer = await exchange(port, `${first} HTTP/1.1\r\n${sent.join('\r\n')}\r\n\r\n${body}`);
  const known = HEADERS.flatMap((name) => {
    const value = answer.headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return [String(answer.status), ...known, '', answer.body].join('\n');
}
