import type { Request, Requests } from './host.ts';

/** Where the database is: on a thread of its own, or here. */
export interface Backend {
  /** Rejects with Trouble when the database is off, with Failure or a mistake otherwise. */
  call<R extends Request>(request: R, ...args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>>;
  /** Closes the database. When `force` aborts, what is still running is cut. */
  end(force: AbortSignal): Promise<void>;
}
