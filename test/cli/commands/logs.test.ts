import type { LogLineView, LogPage } from '../../../src/model/machine-views.ts';
import { describe, expect, test } from 'vitest';
import { timeText } from '../../../src/cli/machine-text.ts';
import { MAC, pageOf, rowOf } from '../../admin/service/setup.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';

const AT = new Date(2026, 10, 21, 12).getTime();
const line = (id: number, more: Partial<LogLineView> = {}): LogLineView => ({
  ...{ id, at: AT, from: '10.0.0.7', text: `line ${id}` },
  ...more,
});

/** A machine that has said two lines, and says one more after each look. */
function answers(off?: string) {
  const asked: unknown[] = [];
  const lines = [line(1, { severity: 3, program: 'anna', text: 'no mirror\u001b[2J' }), line(2)];
  const machineLog = async (_key: string, query: { after?: number; limit: number }): Promise<LogPage> => {
    asked.push(query);
    const after = query.after ?? 0;
    const found = lines.filter(({ id }) => id > after).slice(0, query.limit);
    lines.push(line(lines.length + 1));
    return Promise.resolve({ lines: found, last: found.at(-1)?.id ?? after, ...(off !== undefined && { off }) });
  };
  const machines = async () => Promise.resolve(pageOf([rowOf({ name: 'w1' })]));
  return { asked, service: { machineLog, machines } };
}

describe('pilotlight logs', () => {
  test('the last lines, an error with its mark, nothing that moves the cursor', async () => {
    const { asked, service } = answers();
    const { dir } = await cliSetup(service);
    const { code, stdout, stderr } = await runAt(dir, ['logs', 'w1', '--lines', '50']);
    const at = timeText(AT);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${at}  ! anna: no mirror?[2J\n${at}  line 2\n`);
    expect(asked).toEqual([{ limit: 50 }]);
  });

  test('for programs, and why nothing comes', async () => {
    const { service } = answers('no logs are taken');
    const { dir } = await cliSetup(service);
    const { stdout, stderr } = await runAt(dir, ['logs', MAC, '--json']);
    expect(stderr).toBe('no logs are taken\n');
    expect(JSON.parse(stdout)).toMatchObject({ lines: [{ id: 1 }, { id: 2 }], last: 2, off: 'no logs are taken' });
  });

  test('goes on with what comes, each line once', async () => {
    const { service } = answers();
    const setup = await cliSetup(service);
    const stop = new AbortController();
    const heard: string[] = [];
    const tell = (): void => {
      if (setup.adminService.listeners.size === 0) setImmediate(tell);
      else setup.adminService.changed('machines');
    };
    await runAt(setup.dir, ['logs', 'w1', '--follow', '--json'], {
      stop: stop.signal,
      heard(text) {
        heard.push(text);
        if (heard.join('').includes('"id":4')) stop.abort();
        else tell();
      },
    });
    const ids = heard
      .join('')
      .trimEnd()
      .split('\n')
      .map((one) => (JSON.parse(one) as LogLineView).id);
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  test.each([
    [['logs'], 2, 'expected MAC|NAME'],
    [['logs', 'w1', '--lines', '0'], 2, '--lines must be a number from 1 to 5000'],
    [['logs', MAC], 0, 'nothing is written down (PILOTLIGHT_JOURNAL)'],
  ])('%j', async (argv, code, says) => {
    const done = await runAt(makeFolder({}), argv);
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});
