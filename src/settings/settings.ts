import type { Origin } from '../domain/origin.ts';

/** A host and a port to listen on. Port 0 asks the system for a free one. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** Everything that the environment and the flags decide. */
export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined: taken from the request. */
  readonly baseUrl: Origin | undefined;
  readonly http: Listen;
  /** Bytes. */
  readonly imageCache: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'pretty' | 'json';
}
