/** What an operator just did, told on the page that follows: a code in its address, a sentence on the page. */
export type Done = keyof typeof SENTENCES;

const SENTENCES = {
  adopted: 'Adopted. A waiting machine asks every few seconds and boots with its next question.',
  moved: 'The profile is changed. It counts from the next boot.',
  released: 'Released. No profile names this machine any more.',
  reinstall: 'The installer will run once at its next boot.',
  kept: 'It is not installed anew: its disk stays as it is.',
  'let-go': 'The installer is let go: the next one that asks is installed.',
  saved: 'Saved. The profile is in force for the next machine that asks.',
  created: 'The profile is there. The next machine that asks can boot it.',
  syncing: 'The sync has begun. Its steps appear below as they happen.',
  'sync-runs': 'A sync is running already.',
  'rolled-back': 'Rolled back. It counts from the next boot, and the sync holds what was left.',
} as const;

/** Undefined for everything that is not one of the codes: nothing from an address is ever shown. */
export function parseDone(code: unknown): Done | undefined {
  return typeof code === 'string' && Object.hasOwn(SENTENCES, code) ? (code as Done) : undefined;
}

export function doneText(done: Done): string {
  return SENTENCES[done];
}
