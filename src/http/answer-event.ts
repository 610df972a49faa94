import type { ReplyAbout } from './reply.ts';

/** Which kind of question was asked at the machine door. */
export type RouteKind =
  | 'root'
  | 'start'
  | 'script'
  | 'document'
  | 'nocloud'
  | 'grub'
  | 'image'
  | 'profile'
  | 'keys'
  | 'firmware'
  | 'pixiecore'
  | 'report'
  | 'health';

/** One question that was answered (or refused) at the machine door, for the journal and the metrics. */
export interface AnswerEvent extends ReplyAbout {
  readonly kind: RouteKind;
  readonly method: string;
  readonly status: number;
  /** Of the body; 0 for HEAD. For an image: as many as the connection took. */
  readonly bytes: number;
  /** Without its query, as it was sent. */
  readonly path: string;
  /** How long the answer took, milliseconds; 0 for what is said at once. */
  readonly ms: number;
  /** All that was asked for went out. */
  readonly complete: boolean;
  /** What was said; absent for images. The same object when the same answer is given again. */
  readonly body?: Buffer;
  /** The client's address. */
  readonly from: string | undefined;
}
