import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type Diagnostic, Failure, failureLine } from '../model/failure.ts';
import { createRepeater, type Log, type Service } from '../model/service.ts';

/** Certificates are renewed weeks before they end: a look now and then is soon enough. */
const LOOK_MS = 10_000;
const DAY = 86_400_000;
/** Let's Encrypt's last a few weeks and are renewed a third before their end; who renews by hand needs a few days. */
const SOON = 7 * DAY;

export interface TlsFilesOptions {
  /** Absolute, PEM: the server's certificate first, then those that lead to a root. */
  readonly cert: string;
  /** Absolute, PEM, without a passphrase. */
  readonly key: string;
  /** What people call the two: the names of their settings. */
  readonly names: { readonly cert: string; readonly key: string };
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A certificate and its key, as Node's TLS takes them. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate and its key from two files. Starts after the server that uses them, stops before it. */
export interface TlsFiles extends Service {
  /** What is in force: the last pair that fitted. */
  pair(): TlsPair;
  /** Gives the server each new pair from now on; connections that are open keep the old one. */
  follow(server: Pick<Server, 'setSecureContext'>): void;
  /** Looks at the files now. Resolves when what is new is in force, or is known to be wrong. */
  look(): Promise<void>;
  /** What is wrong: a newer pair that cannot be used, a certificate that ends soon. */
  diagnostics(): readonly Diagnostic[];
}

/**
 * Reads the pair and checks that it can be used. Throws Failure: a server that was asked to speak TLS does not start
 * without. Later on the last good pair stays in force, and what is wrong with the new one is said.
 */
export async function openTlsFiles(options: TlsFilesOptions): Promise<TlsFiles> {
  const { log, names, every = LOOK_MS, now = Date.now } = options;
  const servers = new Set<Pick<Server, 'setSecureContext'>>();
  let inForce = usable(await read(options), names);
  /** The newest that cannot be used, so that it is judged and logged once. */
  let refused: { readonly pair: TlsPair | undefined; readonly failure: Failure } | undefined;
  log.info(factsOf(inForce), 'a certificate is in force');

  async function look(): Promise<void> {
    let pair: TlsPair | undefined;
    try {
      pair = await read(options);
      if (same(pair, refused?.pair)) return;
      if (!same(pair, inForce)) {
        inForce = usable(pair, names);
        for (const server of servers) server.setSecureContext(pair);
        log.info(factsOf(inForce), 'a new certificate is in force');
      }
      refused = undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (refused?.failure.message !== error.message) {
        log.error({ problem: failureLine(error) }, 'the certificate is not renewed: the one before stays in force');
      }
      refused = { pair, failure: error };
    }
  }

  const looks = createRepeater(every, look, (error) => {
    log.error({ err: error }, 'the certificate could not be looked at');
  });

  return {
    name: 'certificate',
    start: () => {
      looks.start();
      return Promise.resolve();
    },
    stop: () => looks.stop(),
    pair: () => ({ cert: inForce.cert, key: inForce.key }),
    follow: (server) => {
      servers.add(server);
    },
    look,
    diagnostics: () => [...newerProblem(refused?.failure), ...endProblem(inForce, names, now())],
  };
}

interface Usable extends TlsPair {
  readonly certificate: X509Certificate;
}

async function read({ cert, key, names }: Pick<TlsFilesOptions, 'cert' | 'key' | 'names'>): Promise<TlsPair> {
  // One after the other: of two that cannot be read it is always the first that is told.
  return { cert: await readOne(cert, names.cert), key: await readOne(key, names.key) };
}

async function readOne(file: string, name: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    const remedy =
      code === 'EACCES' ? 'let the user that runs the server read it' : 'name a PEM file that this server may read';
    throw new Failure('broken', `${name}: the file cannot be read (${code ?? 'unknown'})`, { remedy, cause });
  }
}

/** Throws Failure `broken` for a pair that Node's TLS would not take, or that no client would. */
function usable(pair: TlsPair, names: TlsFilesOptions['names']): Usable {
  const certificate = certificateOf(pair.cert, names.cert);
  const key = keyOf(pair.key, names.key);
  if (!certificate.checkPrivateKey(key)) {
    throw new Failure('broken', `${names.key}: the key does not belong to the certificate of ${names.cert}`, {
      remedy: 'the first certificate in the file must be the one that was made for this key',
    });
  }
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new Failure('broken', `${names.cert}: TLS cannot use this certificate`, {
      remedy: 'put the certificate first, then those that lead to a root, all in PEM',
      cause,
    });
  }
  return { ...pair, certificate };
}

function certificateOf(bytes: Buffer, name: string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw new Failure('broken', `${name}: the file holds no certificate`, {
      remedy: 'it must be PEM: -----BEGIN CERTIFICATE-----',
      cause,
    });
  }
}

function keyOf(bytes: Buffer, name: string): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const locked = code === 'ERR_MISSING_PASSPHRASE' || bytes.includes('ENCRYPTED');
    throw new Failure('broken', `${name}: the file holds no private key${locked ? ' without a passphrase' : ''}`, {
      remedy: locked
        ? 'take the passphrase away: openssl pkey -in KEY -out KEY'
        : 'it must be PEM: -----BEGIN PRIVATE KEY-----',
      cause,
    });
  }
}

function same(a: TlsPair, b: TlsPair | undefined): boolean {
  return b !== undefined && a.cert.equals(b.cert) && a.key.equals(b.key);
}

function factsOf({ certificate: { subject, subjectAltName, validTo } }: Usable): Readonly<Record<string, unknown>> {
  return { subject: subject.replaceAll('\n', ', ').slice(0, 200), names: subjectAltName?.slice(0, 500), ends: validTo };
}

function newerProblem(failure: Failure | undefined): readonly Diagnostic[] {
  if (failure === undefined) return [];
  const message = `${failure.message}: the certificate before stays in force`;
  return [{ severity: 'error', message, remedy: failure.remedy ?? 'mend the files' }];
}

function endProblem({ certificate }: Usable, names: TlsFilesOptions['names'], now: number): readonly Diagnostic[] {
  const end = Date.parse(certificate.validTo);
  if (Number.isNaN(end) || end - now > SOON) return [];
  const date = new Date(end).toISOString();
  const remedy = 'renew it: the server takes the new files by itself';
  return end <= now
    ? [{ severity: 'error', message: `${names.cert}: the certificate has ended on ${date}`, remedy }]
    : [{ severity: 'warning', message: `${names.cert}: the certificate ends on ${date}`, remedy }];
}
