import { expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { SILENT } from '../../src/model/log.ts';
import { busyReply, invalidReply, outcomeReply, watchHeaders } from '../../src/etcd/discovery-reply.ts';

const node = { key: '/discovery/t/a', value: 'x=1', modifiedIndex: 5, createdIndex: 5 };

it('says a key as etcd does, 201 when it is new', () => {
  const reply = outcomeReply({ kind: 'node', action: 'create', created: true, node, index: 6 });
  expect(reply).toMatchObject({ status: 201 });
  expect(JSON.parse(reply.body.toString())).toEqual({ action: 'create', node });
  expect(reply.headers).toEqual(expect.arrayContaining(['Content-Type', 'application/json', 'X-Etcd-Index', '6']));
  expect(outcomeReply({ kind: 'node', action: 'get', created: false, node, index: 6 }).status).toBe(200);
});

it.each([
  [100, 404, 'Key not found'],
  [103, 403, 'Reached the max number of peers in the cluster'],
  [105, 412, 'Key already exists'],
  [203, 400, 'The given index in POST form is not a number'],
  [209, 403, 'Invalid field'],
] as const)('code %i is a %i', (code, status, message) => {
  const reply = outcomeReply({ kind: 'refused', code, cause: 'why', index: 6 });
  expect(reply.status).toBe(status);
  expect(JSON.parse(reply.body.toString())).toEqual({ errorCode: code, message, cause: 'why', index: 6 });
  expect(invalidReply(code, 'why').status).toBe(status);
});

it('is 503 for trouble, with the reason of a Failure and nothing of a bug', () => {
  const full = busyReply(new Failure('unavailable', 'the disk is full', { remedy: 'make room' }), SILENT);
  expect([full.status, full.body.toString()]).toEqual([503, expect.stringContaining('the disk is full (make room)')]);
  const bug = busyReply(new RangeError('/srv/secret'), SILENT);
  expect([bug.status, bug.body.toString()]).toEqual([503, expect.not.stringContaining('secret')]);
  // Even a refusal of ours is temporary to a member when no key was asked for: anything in 4xx would end it.
  expect(busyReply(new Failure('conflict', 'no base URL'), SILENT).status).toBe(503);
});

it('names the index at the head of a watch', () => {
  expect(watchHeaders(7).slice(-2)).toEqual(['X-Etcd-Index', '7']);
});
