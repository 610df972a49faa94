import { describe, expect, it } from 'vitest';
import { machineText } from '../../../src/admin/web/machine-texts.ts';

const TITLE = 'boot script';

describe('a text that a machine was sent', () => {
  it('and would be sent again', () => {
    const text = machineText({ title: TITLE, sentAt: 1000, sent: 'a\n', now: 'a\n' }, 61_000);
    expect(text).toMatchObject({
      slug: 'boot-script',
      verdict: 'would be the same now',
      changed: false,
      diff: undefined,
    });
    expect(text.sentAt?.relative).toBe('1 min ago');
  });

  it('and would look different now', () => {
    const text = machineText({ title: TITLE, sent: 'a\nb\n', now: 'a\nc\n' }, 0);
    expect(text.verdict).toBe('would change: 1 line added, 1 line removed');
    expect(text.changed).toBe(true);
    expect(text.diff?.hunks).toHaveLength(1);
  });

  it('and would differ in its line ends', () => {
    expect(machineText({ title: TITLE, sent: 'a\r\n', now: 'a\n' }, 0).verdict).toBe('would change: line ends only');
  });

  it.each([
    [{ title: TITLE, sent: 'a' }, 'would not be sent now'],
    [{ title: TITLE, now: 'a' }, 'not sent yet'],
    [{ title: TITLE }, 'nothing to show'],
    [{ title: TITLE, sent: 'a', problem: 'variable "x" is not there' }, 'cannot be sent now'],
  ])('%j: %s', (text, verdict) => {
    expect(machineText(text, 0).verdict).toBe(verdict);
  });

  it('is open when there is something to see', () => {
    expect(machineText({ title: TITLE, problem: 'broken' }, 0).changed).toBe(true);
  });
});
