const FIRST_MS = 60_000;

/** Calls `age` every `ageMs`, and soon after the start: a server that is restarted every hour ages its journal, too. */
export function startAgeingClock(ageMs: number, age: () => void): () => void {
  const first = setTimeout(age, Math.min(FIRST_MS, ageMs)).unref();
  const again = setInterval(age, ageMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}
