/** The object without the keys that are undefined: for what is merged by a spread later, counted, or compared by its keys. */
export function omitUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
