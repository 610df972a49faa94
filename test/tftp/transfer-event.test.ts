import { describe, expect, it } from 'vitest';
import { CrowdReport, reportEnd } from '../../src/tftp/transfer-event.ts';
import type { SessionEnd } from '../../src/tftp/session.ts';
import { keepingLog } from '../support/tftp-server.ts';

describe('reportEnd', () => {
  it.each<[SessionEnd, string]>([
    [{ kind: 'done' }, 'info'],
    [{ kind: 'unconfirmed' }, 'info'],
    [{ kind: 'aborted', code: 8, text: 'User aborted' }, 'debug'],
    [{ kind: 'vanished', proven: true }, 'info'],
    [{ kind: 'displaced' }, 'debug'],
    [{ kind: 'stopped' }, 'info'],
    [{ kind: 'changed' }, 'warn'],
    [{ kind: 'unreadable', cause: 'x' }, 'error'],
  ])('says %j at the level of its weight', (end, level) => {
    const log = keepingLog();
    reportEnd(log, end, { file: 'a' });
    expect(log.lines).toMatchObject([{ level, fields: { file: 'a' } }]);
  });
});

describe('CrowdReport', () => {
  it('says once for each address that it has all it may, and which setting is for NAT', () => {
    const log = keepingLog();
    const crowd = new CrowdReport(log, 16);
    for (const client of ['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.1']) crowd.addressFull(client);
    expect(log.lines).toMatchObject([
      { level: 'info', fields: { client: '10.0.0.1', transfers: 16 } },
      { level: 'info', fields: { client: '10.0.0.2' } },
    ]);
    expect(JSON.stringify(log.lines)).toContain('PILOTLIGHT_TFTP_PER_ADDRESS');
  });

  it('says once a minute that all slots are in use, with how often', () => {
    const log = keepingLog();
    const crowd = new CrowdReport(log, 16);
    for (let n = 0; n < 100; n += 1) crowd.displaced('10.0.0.1', n);
    crowd.dropped('10.0.0.2', 200);
    crowd.displaced('10.0.0.3', 60_000);
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { client: '10.0.0.1', displaced: 1, dropped: 0 } },
      { level: 'warn', fields: { client: '10.0.0.3', displaced: 100, dropped: 1 } },
    ]);
  });
});
