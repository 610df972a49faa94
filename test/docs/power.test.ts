import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createProfileCheck, profileSchema } from '../../src/catalog/profile-schema.ts';
import type { JsonObject } from '../../src/model/profile.ts';

const page = readFileSync(new URL('../../docs/power.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => JSON.parse(text) as JsonObject);

it('has an example of each way, and a profile takes it', () => {
  const node = (profileSchema()['$defs'] as Record<string, JsonObject>)['node'];
  const { power } = node?.['properties'] as Record<string, JsonObject>;
  const ways = Object.keys(power?.['properties'] as JsonObject);
  expect(examples.flatMap((example) => Object.keys(example)).sort()).toEqual(ways.sort());
  const check = createProfileCheck();
  for (const example of examples)
    expect(check({ nodes: [{ name: 'w1', mac: '52:54:00:55:1c:ee', power: example }] })).toEqual([]);
});

it.each([
  [{ ipmi: { host: 'bmc', user: 'u', password: 'hunter2' } }, 'must be an object, not a string'],
  [{ ipmi: { host: 'bmc', user: 'u', password: { file: '/etc/shadow' } } }, 'secrets/NAME'],
  [{ ipmi: { host: '-oProxyCommand=x', user: 'u', password: { file: 'secrets/a' } } }, 'host name'],
  [{ redfish: { url: 'https://u:p@bmc', user: 'u', password: { file: 'secrets/a' } } }, 'no user and no password'],
  [{ redfish: { url: 'https://bmc', user: 'u', password: { file: 'secrets/a' }, fingerprint: 'ab' } }, 'SHA-256'],
  [
    { wol: {}, ipmi: { host: 'bmc', user: 'u', password: { file: 'secrets/a' } } },
    'one of wol, redfish, ipmi, command, http',
  ],
  [{}, 'one of wol, redfish, ipmi, command, http'],
  [{ command: { on: 'poweron w1' } }, 'must be a list'],
  [{ impi: {} }, 'did you mean `ipmi`'],
])('a mistake is told: %o', (power, words) => {
  const faults = createProfileCheck()({ nodes: [{ name: 'w1', mac: '52:54:00:55:1c:ee', power }] });
  const said = faults.map(({ message, remedy }) => `${message} (${remedy ?? ''})`).join('\n');
  expect(said).toContain(words);
  expect(said).not.toContain('hunter2');
});
