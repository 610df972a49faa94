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
  | 'health';

/** One question that was answered (or refused) at the machine door, for the journal and the metrics. */
export interface AnswerEvent extends ReplyAbout {
  readonly kind: RouteKind;
  readonly method: string;
  readonly status: number;
  /** Of the body; 0 for HEAD. For an image: as many as the connection took. */
  readonly bytes: number;
  /** The client's address. */
  readonly from: string | undefined;
}
