import { describe, expect, it } from 'vitest';
import { reportEnd } from '../../../src/doors/tftp/report.ts';
import type { SessionEnd } from '../../../src/doors/tftp/session.ts';
import { keepingLog } from '../../support/tftp-server.ts';

describe('reportEnd', () => {
  it.each<[SessionEnd, string]>([
    [{ kind: 'done' }, 'info'],
    [{ kind: 'unconfirmed' }, 'info'],
    [{ kind: 'aborted', code: 8, text: 'User aborted' }, 'debug'],
    [{ kind: 'vanished', proven: true }, 'info'],
    [{ kind: 'stopped' }, 'info'],
    [{ kind: 'changed' }, 'warn'],
    [{ kind: 'unreadable', cause: 'x' }, 'error'],
  ])('says %j at the level of its weight', (end, level) => {
    const log = keepingLog();
    reportEnd(log, end, { file: 'a' });
    expect(log.lines).toMatchObject([{ level, fields: { file: 'a' } }]);
  });
});
