import type { DigestList, DigestName } from './release.ts';

const LENGTH: Readonly<Record<DigestName, number>> = { sha256: 64, sha512: 128 };

/** A digest in its one spelling, undefined for anything that is none. */
export function parseDigest(text: string, algorithm: DigestName): string | undefined {
  const lower = text.toLowerCase();
  return lower.length === LENGTH[algorithm] && /^[0-9a-f]+$/.test(lower) ? lower : undefined;
}

/** A line of a list: the digest and what it is of, without a leading `.//`. */
export interface SumLine {
  readonly digest: string;
  readonly path: string;
}

/**
 * Reads `HEX  NAME` and `HEX *NAME` lines (coreutils' text and binary mode); everything else is passed over: lists have
 * headings, and Debian's are followed by others.
 */
export function readSums(text: string, algorithm: DigestName): readonly SumLine[] {
  const lines: SumLine[] = [];
  for (const line of text.split('\n')) {
    const found = /^([0-9A-Fa-f]{64,128})[ \t]+[* ]?(\S+)\r?$/.exec(line);
    const digest = parseDigest(found?.[1] ?? '', algorithm);
    if (digest !== undefined) lines.push({ digest, path: (found?.[2] ?? '').replace(/^\.\//, '') });
  }
  return lines;
}

/**
 * What a list says of a file; undefined when it does not name it, or names it twice with different digests. Paths are
 * compared from their end in whole segments, never by the bare name: Debian's list has several files called `linux`.
 */
export function findDigest(text: string, list: Pick<DigestList, 'algorithm' | 'format' | 'entry'>): string | undefined {
  const lines = list.format === 'digests' ? readDigests(text, list.algorithm) : readSums(text, list.algorithm);
  const digests = new Set(lines.filter(({ path }) => isSuffix(list.entry, path)).map(({ digest }) => digest));
  const [digest] = digests;
  return digests.size === 1 ? digest : undefined;
}

// `# SHA512 HASH` applies to the next line only. MD5 and SHA1 stand there too.
function readDigests(text: string, algorithm: DigestName): readonly SumLine[] {
  const lines = text.split('\n');
  const heading = new RegExp(`^# ${algorithm.toUpperCase()} HASH\\r?$`);
  return lines.flatMap((line, i) => (heading.test(line) ? readSums(lines[i + 1] ?? '', algorithm) : []));
}

function isSuffix(entry: string, path: string): boolean {
  return path === entry || path.endsWith(`/${entry}`);
}
