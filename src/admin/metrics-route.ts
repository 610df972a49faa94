import type { Router } from 'express';
import { methodReply } from '../http/failure-reply.ts';
import { show } from '../http/percent.ts';
import { makeReply } from '../http/reply.ts';
import type { Guard } from './guard.ts';
import { respond, respondLine } from './respond.ts';

export interface MetricsSource {
  /** `token`: like the API; `open`: for everybody; `off`: not there. */
  readonly access: 'token' | 'open' | 'off';
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** `/metrics` for Prometheus, which can send a Bearer. */
export function mountMetrics(router: Router, { access, render }: MetricsSource, guard: Guard): void {
  if (access === 'off') return;
  if (access === 'token') {
    router.use(
      '/metrics',
      guard.admit((req, res, verdict) => {
        if (verdict.kind === 'wait') {
          respondLine(req, res, 429, 'too many wrong tokens came from this address', [
            'Retry-After',
            String(verdict.seconds),
          ]);
          return;
        }
        respondLine(
          req,
          res,
          401,
          'metrics are for operators (send Authorization: Bearer TOKEN, or set PILOTLIGHT_METRICS)',
          ['WWW-Authenticate', 'Bearer realm="pilotlight"'],
        );
      }),
    );
  }
  router.get('/metrics', async (req, res) => {
    const { contentType, body } = await render();
    respond(req, res, makeReply(200, ['Content-Type', contentType], Buffer.from(body)));
  });
  router.all('/metrics', (req, res) => {
    respond(req, res, methodReply(show(req.method), '/metrics'));
  });
}
