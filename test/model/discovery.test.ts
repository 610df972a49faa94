import { expect, it } from 'vitest';
import { applyChange, type StoredToken } from '../../src/model/discovery.ts';

const TOKEN: StoredToken = {
  ...{ token: 't', url: 'u', size: 2, createdIndex: 1, createdAt: 9, complete: false, removedIndex: 0 },
  members: [{ id: 'a', value: 'x=1', createdIndex: 2, confirmed: false }],
};
const MEMBER = { id: 'b', value: 'y=2', createdIndex: 3, confirmed: false };

it('changes one thing and leaves the rest', () => {
  expect(applyChange(undefined, { kind: 'created', index: 1, token: TOKEN })).toBe(TOKEN);
  expect(applyChange(TOKEN, { kind: 'forgotten', index: 4, token: 't' })).toBeUndefined();
  const full = applyChange(TOKEN, { kind: 'registered', index: 3, token: 't', member: MEMBER, complete: true });
  expect(full).toEqual({ ...TOKEN, complete: true, members: [...TOKEN.members, MEMBER] });
  expect(applyChange(full, { kind: 'registered', index: 3, token: 't', member: MEMBER, complete: false })).toEqual(
    full,
  );
  const [a] = TOKEN.members;
  expect(applyChange(full, { kind: 'confirmed', index: 3, token: 't', id: 'a' })).toEqual({
    ...full,
    members: [{ ...a, confirmed: true }, MEMBER],
  });
  expect(applyChange(full, { kind: 'removed', index: 5, token: 't', id: 'a' })).toEqual({
    ...full,
    removedIndex: 5,
    members: [MEMBER],
  });
  expect(applyChange(undefined, { kind: 'removed', index: 5, token: 't', id: 'a' })).toBeUndefined();
});
