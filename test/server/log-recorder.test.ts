import { describe, expect, it } from 'vitest';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/catalog/snapshot.ts';
import type { LogLine } from '../../src/model/machine-views.ts';
import { Failure } from '../../src/model/failure.ts';
import { type Mac, parseMac } from '../../src/model/machine.ts';
import type { Profile } from '../../src/model/profile.ts';
import { createLogRecorder } from '../../src/server/log-recorder.ts';

const CARD = parseMac('52:54:00:00:00:01') as Mac;
const profile = (name: string, nodes: readonly object[]) => [name, { name, nodes } as unknown as Profile] as const;

const SNAPSHOT: Snapshot = {
  ...EMPTY_SNAPSHOT,
  profiles: new Map([
    profile('a', [
      { name: 'w1', mac: '52:54:00:00:00:11', ip: '10.0.0.11' },
      { name: 'W2.lab', uuid: '11111111-1111-1111-1111-111111111111' },
      { name: 'twice', mac: '52:54:00:00:00:13', ip: '10.0.0.13' },
      { name: 'nobody' },
    ]),
    profile('b', [{ name: 'twice', mac: '52:54:00:00:00:14', ip: '10.0.0.13' }]),
  ]),
  secrets: new Map<string, string | Failure>([
    ['secrets/short', 'abc'],
    ['secrets/root', 'correct horse\n'],
    ['secrets/longer', 'correct horse battery'],
    ['secrets/key', '-----BEGIN KEY-----\r\nb3BlbnNzaC1rZXk\tdjE\nabc\n-----END KEY-----\n'],
    ['secrets/gone', new Failure('not-found', 'it is gone')],
  ]),
};

function setup(macOf: (address: string) => Promise<Mac | undefined> = () => Promise.resolve(undefined)) {
  const lines: LogLine[] = [];
  const asked: string[] = [];
  const clock = { at: 1_800_000_000_000, room: Infinity };
  const recorder = createLogRecorder({
    catalog: { current: () => SNAPSHOT },
    journal: {
      log: (line) => {
        if (lines.length >= clock.room) return false;
        lines.push(line);
        return true;
      },
    },
    neighbours: {
      macOf: (address) => {
        asked.push(address);
        return macOf(address);
      },
    },
    now: () => clock.at,
  });
  return { recorder, lines, asked, clock };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('who a line may be of', () => {
  it.each([
    ['the node of its address', '10.0.0.11', undefined, ['52:54:00:00:00:11']],
    ['the node of its name', '10.9.9.9', 'W1', ['52:54:00:00:00:11']],
    ['a name with a domain', '10.9.9.9', 'w1.example.org', ['52:54:00:00:00:11']],
    ['a node with a domain', '10.9.9.9', 'w2.LAB', ['uuid:11111111-1111-1111-1111-111111111111']],
    [
      'the address before the name',
      '10.0.0.11',
      'w2.lab',
      ['52:54:00:00:00:11', 'uuid:11111111-1111-1111-1111-111111111111'],
    ],
    ['what two share', '10.0.0.13', 'twice', undefined],
    ['a node that cannot be known', '10.9.9.9', 'nobody', undefined],
    ['nobody', '10.9.9.9', '', undefined],
  ])('%s', async (_name, from, host, nodes) => {
    const { recorder, lines, clock } = setup();
    expect(recorder.logged(from, { text: 'x', ...(host !== undefined && { host }) })).toBe(true);
    await settled();
    expect(lines).toEqual([{ at: clock.at, from, text: 'x', ...(nodes && { nodes }) }]);
  });

  it('the card that has the address; it is asked for again after ten seconds', async () => {
    const { recorder, lines, asked, clock } = setup(() => Promise.resolve(CARD));
    for (const text of ['a', 'b']) recorder.logged('10.0.0.1', { text });
    await settled();
    recorder.logged('10.0.0.1', { text: 'c', severity: 3, program: 'p' });
    clock.at += 10_000;
    recorder.logged('10.0.0.1', { text: 'd' });
    await settled();
    expect(lines.map(({ text, card }) => [text, card])).toEqual(['a', 'b', 'c', 'd'].map((text) => [text, CARD]));
    expect(lines[2]).toMatchObject({ severity: 3, program: 'p' });
    expect(asked).toEqual(['10.0.0.1', '10.0.0.1']);
  });

  it('a kernel that cannot be asked keeps no line back', async () => {
    const { recorder, lines } = setup(() => Promise.reject(new Error('no /proc')));
    recorder.logged('10.0.0.1', { text: 'a' });
    await settled();
    expect(lines).toHaveLength(1);
  });
});

it('lines that wait, and those that find no room, are bounded', async () => {
  const { recorder, clock } = setup(() => new Promise(() => undefined));
  const taken = Array.from({ length: 1100 }, () => recorder.logged('10.0.0.1', { text: 'x' }));
  expect(taken.filter(Boolean)).toHaveLength(1000);
  const full = setup();
  full.recorder.logged('10.0.0.1', { text: 'x' });
  await settled();
  full.clock.room = 1;
  expect(full.recorder.logged('10.0.0.1', { text: 'x' })).toBe(false);
  expect(clock.room).toBe(Infinity);
});

it('leaves out what the server has given out', () => {
  const { hide } = setup().recorder;
  expect(
    hide('Command line: url=http://10.0.0.1/configs/a?mac=x&token=plt-abcdefghijklmnopqrstuvwxyz0123456789-_AB quiet'),
  ).toBe('Command line: url=http://10.0.0.1/configs/a?mac=x&token=plt-(left-out) quiet');
  expect(hide('password correct horse battery, or correct horse: abc')).toBe(
    'password (secrets/longer), or (secrets/root): abc',
  );
  expect(hide('correct horsecorrect horse battery!correct hors')).toBe('(secrets/root)(secrets/longer)!correct hors');
});

it('leaves out each line of a secret that has several: that is how it is printed', () => {
  const { hide } = setup().recorder;
  expect(hide('late_command: b3BlbnNzaC1rZXk djE')).toBe('late_command: (secrets/key)');
  expect(hide('-----BEGIN KEY----- b3BlbnNzaC1rZXk djE abc')).toBe('(secrets/key) (secrets/key) abc');
});
