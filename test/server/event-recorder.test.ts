import { describe, expect, it } from 'vitest';
import { createEventRecorder } from '../../src/server/event-recorder.ts';
import type { Decision } from '../../src/model/plan.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import type { AnswerEvent } from '../../src/http/access-log.ts';
import { factsOf } from '../support/app-context.ts';

const FACTS = factsOf({ mac: '525400551cee' });
const DECISION: Decision = { outcome: 'boot', profile: 'workers', because: 'mac is node w1' };
const FROM = '192.0.2.9';

function told(work: (eventRecorder: ReturnType<typeof createEventRecorder>) => void): readonly JournalEvent[] {
  const events: JournalEvent[] = [];
  work(
    createEventRecorder({
      recorder: { record: (event) => events.push(event), sync: () => undefined, activity: () => undefined },
      now: () => 1000,
      deadlineOf: (profile, at) => (profile === 'workers' ? at + 600_000 : undefined),
    }),
  );
  return events;
}

function answer(more: Partial<AnswerEvent>): AnswerEvent {
  return {
    kind: 'script',
    method: 'GET',
    path: '/ipxe',
    status: 200,
    bytes: 7,
    ms: 0,
    complete: true,
    from: FROM,
    ...more,
  };
}

function words(more: Partial<AnswerEvent>): readonly JournalEvent[] {
  return told((eventRecorder) => {
    eventRecorder.answered(answer(more));
  });
}

describe('what the HTTP server answered', () => {
  it('holds no more of a long path than is shown: fifty thousand of them may wait', () => {
    const path = `/${'a'.repeat(16_000)}`;
    const body = Buffer.from('x'.repeat(16_000));
    const long = [words({ status: 404, path, body }), words({ kind: 'image', path: `/images${path}`, status: 404 })];
    expect(long.flat().map((event) => JSON.stringify(event).length < 1500)).toEqual([true, true]);
  });

  it('to a client that left and did not say who it is belongs to no machine, and is not recorded', () => {
    const body = Buffer.from('the body did not come whole\n');
    expect(words({ status: 400, from: undefined, body })).toEqual([]);
    expect(words({ status: 400, body })).toMatchObject([{ kind: 'refused', from: FROM }]);
    const facts = factsOf({ mac: '52:54:00:00:00:01' });
    expect(words({ status: 400, from: undefined, body, facts })).toMatchObject([{ kind: 'refused', facts }]);
  });

  it.each(['script', 'grub'] as const)(
    'a %s with a token is kept without it, and as the same bytes each time',
    (kind) => {
      const body = Buffer.from(`linux x ds=nocloud;s=http://a/nocloud/m/plt-${'A'.repeat(40)}/\n`);
      const [[one], [two]] = [words({ kind, body, decision: DECISION }), words({ kind, body, decision: DECISION })];
      if (one?.kind !== 'script' || two?.kind !== 'script') throw new TypeError('the test is wrong');
      expect(Buffer.from(one.body).toString()).toBe('linux x ds=nocloud;s=http://a/nocloud/m/plt-(left-out)/\n');
      expect(two.body).toBe(one.body);
    },
  );

  it('a script: to whom, why, the text itself and until when it must be up', () => {
    const body = Buffer.from('#!ipxe\n');
    const events = words({ facts: FACTS, decision: DECISION, body });
    expect(events).toEqual([
      {
        kind: 'script',
        at: 1000,
        from: FROM,
        facts: FACTS,
        decision: DECISION,
        body,
        deadline: 601_000,
      },
    ]);
    // The same object: the journal tells repetitions by it.
    expect(events[0]?.kind === 'script' && events[0].body).toBe(body);
  });

  it('a script of a profile without a limit has no deadline', () => {
    const [event] = words({ decision: { ...DECISION, profile: 'other' }, body: Buffer.from('x') });
    expect(event).not.toHaveProperty('deadline');
  });

  it('a document, whole, also when the client had it already', () => {
    const delivered = Buffer.from('a: 1\n');
    const source = 'configs/a.yml';
    const about = { kind: 'document', facts: FACTS, decision: DECISION, source, delivered } as const;
    const expected = {
      kind: 'document',
      at: 1000,
      from: FROM,
      facts: FACTS,
      source,
      body: delivered,
    };
    expect(words({ ...about, body: delivered })).toEqual([expected]);
    expect(words({ ...about, status: 304, body: Buffer.alloc(0) })).toEqual([expected]);
  });

  it('a document without the private key in it', () => {
    const delivered = Buffer.from('-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----\n');
    const [event] = words({ kind: 'document', source: 'configs/a.yml', delivered, body: delivered });
    expect(event?.kind === 'document' && Buffer.from(event.body).toString()).toContain('left out');
    expect(event?.kind === 'document' && Buffer.from(event.body).toString()).not.toContain('secret');
  });

  it('a file: how much, how long, and whether all of it', () => {
    const path = '/images/flatcar/amd64/1%2B2/kernel';
    expect(words({ kind: 'image', path, bytes: 5, ms: 20, complete: false, status: 206 })).toEqual([
      {
        kind: 'file',
        at: 1000,
        from: FROM,
        file: 'flatcar/amd64/1+2/kernel',
        bytes: 5,
        ms: 20,
        complete: false,
        status: 206,
      },
    ]);
    expect(words({ kind: 'image', path: '/images/%', bytes: 5 })).toMatchObject([{ file: '%' }]);
  });

  it('a refusal: what, and the line that was sent', () => {
    const body = Buffer.from('there is no document "x"\n');
    expect(words({ kind: 'document', path: '/configs/x', status: 404, body })).toEqual([
      { kind: 'refused', at: 1000, from: FROM, what: '/configs/x', status: 404, message: 'there is no document "x"' },
    ]);
  });

  it.each<[string, Partial<AnswerEvent>]>([
    ['a look at an image without its bytes', { kind: 'image', method: 'HEAD', bytes: 0 }],
    ['an image that the client has', { kind: 'image', bytes: 0, status: 304 }],
    ['a monitor', { kind: 'health', body: Buffer.from('{}') }],
    ['HEAD of a script', { method: 'HEAD', decision: DECISION, body: Buffer.from('x') }],
    ['the start script, which decides nothing', { kind: 'start', body: Buffer.from('#!ipxe\n') }],
  ])('%s is nothing to write down', (_, more) => {
    expect(words(more)).toEqual([]);
  });

  it('a machine that says nothing of itself is known by its address alone', () => {
    expect(words({ decision: DECISION, facts: {}, body: Buffer.from('x') })[0]).not.toHaveProperty('facts');
  });
});

it('a TFTP transfer counts its bytes when it was finished', () => {
  const events = told((eventRecorder) => {
    eventRecorder.transferred({ client: FROM, file: 'undionly.kpxe', size: 70_000, ms: 30, end: 'done' });
    eventRecorder.transferred({ client: FROM, file: 'undionly.kpxe', size: 70_000, ms: 1, end: 'aborted' });
  });
  expect(events).toEqual([
    { kind: 'tftp', at: 1000, from: FROM, file: 'undionly.kpxe', bytes: 70_000, ms: 30, end: 'done' },
    { kind: 'tftp', at: 1000, from: FROM, file: 'undionly.kpxe', bytes: 0, ms: 1, end: 'aborted' },
  ]);
});

describe('what the DHCP proxy said', () => {
  const { mac = expect.fail() } = factsOf({ mac: '525400551cee' });
  const machine = {
    mac,
    vendorClass: 'PXEClient',
    target: { platform: 'efi', arch: 'x86_64', http: true },
    ipxe: false,
  } as const;

  it('what to load, to whom', () => {
    const facts = { mac, platform: 'efi', arch: 'x86_64' };
    expect(
      told((eventRecorder) => {
        eventRecorder.offered({ machine, file: 'ipxe.efi' });
      }),
    ).toEqual([{ kind: 'dhcp', at: 1000, facts, client: 'UEFI HTTP', file: 'ipxe.efi' }]);
  });

  it('or why nothing', () => {
    expect(
      told((eventRecorder) => {
        eventRecorder.offered({ machine: { ...machine, ipxe: true }, silence: 'its profile boots the local disk' });
      }),
    ).toMatchObject([{ kind: 'dhcp', client: 'iPXE', silence: 'its profile boots the local disk' }]);
  });
});
