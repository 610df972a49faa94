import { jsonReply } from './desk-reply.ts';
import type { Reply } from './reply.ts';

/** How the server is, as `app` knows it: sent as it is. */
export interface Health {
  /** `degraded`: it serves, but something in the operator's files is wrong. */
  readonly status: 'ok' | 'degraded';
}

/** `/healthz`: 200 as long as it can be answered at all, because restarting the server mends no file. */
export function healthReply(health: Health): Reply {
  return jsonReply(health);
}
