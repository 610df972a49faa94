import type { IncomingMessage } from 'node:http';
import type { Log } from '../../domain/log.ts';
import type { AnswerEvent, RouteKind } from './answer-event.ts';
import type { Reply, ReplyAbout } from './reply.ts';

/** Tells the log, and whoever listens, what was answered at the machine door. */
export interface Reporter {
  /** For every answer: a debug line and an event. */
  answered(req: IncomingMessage, kind: RouteKind, status: number, bytes: number, about?: ReplyAbout): void;
  /** For a decision that was just made: its repetition within the script cache's second is no news. */
  decided(kind: RouteKind, about: ReplyAbout, from: string | undefined): void;
  /** For a question that was not answered: why a machine does not boot must be seen without debugging. */
  refused(kind: RouteKind, reply: Reply, from: string | undefined): void;
}

export function createReporter(log: Log, onAnswer: (event: AnswerEvent) => void): Reporter {
  return {
    answered(req, kind, status, bytes, about) {
      const { method = '', url } = req;
      const event: AnswerEvent = {
        kind,
        method,
        status,
        bytes,
        mac: about?.mac,
        decision: about?.decision,
        from: req.socket.remoteAddress,
      };
      log.debug({ kind, method, url, status, bytes, from: event.from }, 'answered');
      try {
        onAnswer(event);
      } catch (error) {
        log.error({ err: error }, 'a listener for answers failed');
      }
    },
    decided(kind, { mac, decision }, from) {
      if (decision !== undefined) log.info({ kind, mac, from, ...decision }, 'decided');
    },
    refused(kind, { status, body }, from) {
      log.info({ kind, status, from, answer: body.toString().trimEnd() }, 'refused');
    },
  };
}
