// What the command line printed when the app context was rebuilt (November 2026): see README.md.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MAIN } from '../support/built.ts';
import { isRecording, normalized, readSession, writeSession, type Step } from './transcript.ts';

const LONG = 300_000;

for (const [folder, session] of [
  ['lab', 'cli-lab.txt'],
  ['lab', 'cli-exports.txt'],
  ['legacy', 'cli-legacy.txt'],
  ['broken', 'cli-broken.txt'],
] as const) {
  it(`prints what it printed: ${session}`, { timeout: LONG }, () => {
    const dir = mkdtempSync(join(tmpdir(), 'pilotlight-frozen-'));
    onTestFinished(() => {
      rmSync(dir, { recursive: true, force: true });
    });
    cpSync(join(import.meta.dirname, folder), dir, { recursive: true });
    const steps = readSession(session);
    const seen: Step[] = steps.map(({ words }) => ({ words, outcome: normalized(run(words, dir), { dir }) }));
    if (isRecording(steps)) writeSession(session, seen);
    else expect(seen).toEqual(steps);
  });
}

function run(words: string, dir: string): string {
  const args = [MAIN, ...words.split(' ')];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', PILOTLIGHT_DATA_DIR: dir, PILOTLIGHT_BASE_URL: 'http://192.0.2.1:4777' },
  });
  return [`exit ${String(status)}`, stdout, ...(stderr === '' ? [] : ['--- standard error', stderr])].join('\n');
}
