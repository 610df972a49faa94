/** True the first time a key is given. The oldest keys are forgotten first: invented ones must not fill the memory. */
export function createOnce(keys = 4096): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    if (seen.has(key)) return false;
    seen.add(key);
    if (seen.size > keys) seen.delete(seen.values().next().value ?? key);
    return true;
  };
}
