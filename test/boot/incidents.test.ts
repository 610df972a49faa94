import { expect, test } from 'vitest';
import { type Incident, Incidents } from '../../src/boot/incidents.ts';
import { factsOf } from '../support/app-context.ts';
import { recordLog } from '../support/http-server.ts';

const facts = factsOf({ mac: '52:54:00:55:1c:ee' });

function incident(text = '10.0.0.9 is not w1'): Incident {
  return { facts, from: '10.0.0.9', text };
}

test('the same again is counted, and said once a minute', () => {
  let now = Date.UTC(2026, 10, 30);
  const log = recordLog();
  const told: string[] = [];
  const incidents = new Incidents(log, () => now);
  incidents.watch(({ text }) => {
    told.push(text);
  });
  for (let i = 0; i < 5; i += 1) incidents.happened(incident());
  incidents.happened(incident('another'));
  expect(told).toEqual(['10.0.0.9 is not w1', 'another']);
  now += 60_000;
  incidents.happened(incident());
  expect(told).toEqual(['10.0.0.9 is not w1', 'another', '10.0.0.9 is not w1']);
  expect(log.of('warn').map(({ fields }) => fields['machine'])).toEqual(Array.from({ length: 3 }, () => facts.mac));
  expect(incidents.diagnostics().map(({ message }) => message)).toEqual([
    '10.0.0.9 is not w1 (2026-11-30 00:01:00 UTC, 6 times)',
    'another (2026-11-30 00:00:00 UTC)',
  ]);
});

test('a page shows the latest, and says how many there are beside them', () => {
  const incidents = new Incidents(recordLog());
  for (let i = 0; i < 700; i += 1) incidents.happened(incident(`try ${i}`));
  const shown = incidents.diagnostics();
  expect(shown).toHaveLength(21);
  expect(shown[0]?.message).toMatch(/^try 699 /);
  expect(shown.at(-1)?.message).toBe('480 more incidents of machines that may not be what they say');
});

test('after a week one is history', () => {
  let now = 0;
  const incidents = new Incidents(recordLog(), () => now);
  incidents.happened(incident());
  now = 7 * 86_400_000;
  expect(incidents.diagnostics()).toEqual([]);
});

test('a listener that fails keeps no answer', () => {
  const log = recordLog();
  const incidents = new Incidents(log);
  incidents.watch(() => {
    throw new Error('broken');
  });
  incidents.happened(incident());
  expect(log.of('error')).toHaveLength(1);
});
