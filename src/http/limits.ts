/** How much of the server one client may take. Milliseconds, bytes, counts. */
export interface HttpLimits {
  /** From the first byte (or the connection) to the end of the headers: a slow client is gone after this. */
  readonly headersTimeout: number;
  /** From the first byte to the end of the request. It does not run while an answer is sent. */
  readonly requestTimeout: number;
  /** How often Node looks for connections over the two limits above. */
  readonly checkInterval: number;
  readonly keepAliveTimeout: number;
  /** Nothing moved in either direction: a reader that stalls for so long is cut, so that it frees what it holds. */
  readonly stallTimeout: number;
  /** Room for ten thousand etcd members that wait, and for the machines beside them. */
  readonly maxConnections: number;
  readonly maxHeaderSize: number;
  /** Path and query together. The longest honest one, all facts of a machine, is under 2 KiB. */
  readonly maxUrl: number;
  /** Requests that one connection may have running: a pipeline of downloads must not open files without end. */
  readonly maxPipelined: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  checkInterval: 1_000,
  keepAliveTimeout: 5_000,
  stallTimeout: 120_000,
  maxConnections: 16_384,
  maxHeaderSize: 16 * 1024,
  maxUrl: 4096,
  maxPipelined: 16,
};
