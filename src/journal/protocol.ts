import { Failure, type FailureCode } from '../model/failure.ts';
import type { Request, Requests } from './host.ts';
import { Trouble, type TroubleKind } from './trouble.ts';

// What crosses between the journal and its thread. Errors lose their class on the way: they are put into words here.

export interface Question {
  readonly id: number;
  readonly request: Request;
  readonly args: readonly unknown[];
}

export type Reply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly problem: PackedError };

export interface PackedError {
  readonly trouble?: TroubleKind;
  readonly code?: FailureCode;
  readonly remedy?: string;
  readonly message: string;
  readonly stack?: string;
}

export function packError(error: unknown): PackedError {
  if (error instanceof Failure) {
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    const trouble = error instanceof Trouble ? { trouble: error.kind } : {};
    return { ...trouble, ...remedy, code: error.code, message: error.message };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  return { message: `${error.name}: ${error.message}`, stack: error.stack };
}

export function unpackError({ trouble, code, remedy, message, stack }: PackedError): Error {
  if (trouble !== undefined) return new Trouble(trouble, message);
  if (code !== undefined) return new Failure(code, message, remedy === undefined ? {} : { remedy });
  const mistake = new TypeError(message);
  if (stack !== undefined) mistake.stack = stack;
  return mistake;
}

/** Where the database is: on a thread of its own, or here. */
export interface Backend {
  /** Rejects with Trouble when the database is off, with Failure or a mistake otherwise. */
  call<R extends Request>(request: R, ...args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>>;
  /** Closes the database. When `force` aborts, what is still running is cut. */
  end(force: AbortSignal): Promise<void>;
}
