import { vi } from 'vitest';

/** Set up before each file: a busy machine takes its time, so a wait of a test ends by what it waits for, not by a second. */
const PATIENCE_MS = 60_000;

type WaitOptions = Parameters<typeof vi.waitFor>[1];
type Wait = (callback: () => unknown, options?: WaitOptions) => Promise<unknown>;
const patient = Symbol.for('pilotlight.patient');

function patiently(wait: Wait & { [patient]?: true }): Wait {
  // Threads share their modules: it is there already.
  if (wait[patient]) return wait;
  const waiting: Wait & { [patient]?: true } = (callback, options) =>
    wait(callback, { timeout: PATIENCE_MS, ...(typeof options === 'number' ? { timeout: options } : options) });
  waiting[patient] = true;
  return waiting;
}

Object.assign(vi, { waitFor: patiently(vi.waitFor as Wait), waitUntil: patiently(vi.waitUntil as Wait) });
