import type { Json, JsonObject } from './profile.ts';

/** Where a secret is kept: a file below secrets/ of the data directory, or a credential of systemd (LoadCredential=). */
export type SecretRef = { readonly file: string } | { readonly credential: string };

/** What reads them. A Failure says what is wrong and what to do, never what is in one. */
export interface SecretReader {
  read(ref: SecretRef): Promise<string>;
}

/** How it is called, and told from every other: `secrets/w1.token`, `credential w1.token`. */
export function secretName(ref: SecretRef): string {
  return 'file' in ref ? ref.file : `credential ${ref.credential}`;
}

/** What stands in its place wherever a document is shown: harmless in YAML, JSON, a URL and on a command line. */
export function secretByName(ref: SecretRef): string {
  return `(${secretName(ref).replaceAll(' ', '/')})`;
}

/**
 * A value of `vars` that stands for a secret: `{ "file": "secrets/NAME" }` or `{ "credential": "NAME" }` and nothing
 * beside. Any other object is a value like before, also one with a `file` that lies elsewhere.
 */
function secretRef(value: Json): SecretRef | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const [[key, name] = [], ...more] = Object.entries(value);
  if (more.length > 0 || typeof name !== 'string') return undefined;
  if (key === 'file' && name.startsWith('secrets/')) return { file: name };
  return key === 'credential' ? { credential: name } : undefined;
}

/** A secret that `vars` ask for, and where. */
export interface SecretPlace {
  readonly ref: SecretRef;
  readonly path: readonly (string | number)[];
}

/** All that stand in a value, at any depth. The value itself is looked into, never taken for one. */
export function secretsIn(value: Json, path: SecretPlace['path'] = []): readonly SecretPlace[] {
  const found: SecretPlace[] = [];
  // One path for all: a copy for each of a million values took the server from machines for seconds.
  const at = [...path];
  lookInto(value);
  return found;

  function lookInto(outer: Json): void {
    if (typeof outer !== 'object' || outer === null) return;
    if (Array.isArray(outer)) (outer as readonly Json[]).forEach(look);
    else for (const [key, item] of Object.entries(outer)) look(item, key);
  }

  function look(item: Json, step: string | number): void {
    if (typeof item !== 'object' || item === null) return;
    at.push(step);
    const ref = secretRef(item);
    if (ref === undefined) lookInto(item);
    else found.push({ ref, path: [...at] });
    at.pop();
  }
}

const HOLDS = new WeakMap<JsonObject, boolean>();

/**
 * The same values with each secret in its place, looked up only when something reads it: a document that names another
 * value does not wait for this one.
 */
export function withSecrets(vars: JsonObject, valueOf: (ref: SecretRef) => Json): JsonObject {
  // A template sees the `vars` of all nodes of its profile: those without secrets cost one look.
  let holds = HOLDS.get(vars);
  if (holds === undefined) HOLDS.set(vars, (holds = secretsIn(vars).length > 0));
  return holds ? (copyWith(vars, valueOf) as JsonObject) : vars;
}

function copyWith(value: Json, valueOf: (ref: SecretRef) => Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  const copy: Json = Array.isArray(value) ? [] : {};
  for (const [key, item] of Object.entries<Json>(value)) {
    const ref = secretRef(item);
    const read = ref === undefined ? { value: copyWith(item, valueOf) } : { get: () => valueOf(ref) };
    Object.defineProperty(copy, key, { enumerable: true, ...read });
  }
  return copy;
}
