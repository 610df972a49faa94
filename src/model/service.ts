/** Something with a life. Constructors do nothing; `start` and `stop` do. `stop` is safe after a half start, and twice. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Resolves when everything is released. When `force` aborts, what is still running is cut. */
  stop(force: AbortSignal): Promise<void>;
}
