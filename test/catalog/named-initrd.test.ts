import { expect, test } from 'vitest';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';

test('case 11-wimboot: an entry with a name is checked as everything else', () => {
  const check = createProfileCheck();
  const faults = (initrd: unknown) =>
    check({ system: 'custom', kernel: 'k', initrd: initrd as never }).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
  expect(faults([{ path: 'winpe/BCD', name: 'BCD' }, 'a/b', { path: 'http://h/x?y=1', name: 'boot.wim' }])).toEqual([]);
  expect(faults([{ path: 'winpe/BCD' }])).toEqual(['initrd.0: lacks `name`']);
  expect(faults([{ path: 'a', nmae: 'b', name: 'b' }])).toEqual(['initrd.0.nmae: unknown key `nmae`']);
  for (const bad of ['../x', '/x', 'a b', '${x}', 'a/../b', '', 1, null, true]) {
    expect(faults([bad]), String(bad)).toHaveLength(1);
    expect(faults([{ path: bad, name: 'x' }]).length, String(bad)).toBeGreaterThan(0);
    expect(faults([{ path: 'x', name: bad }]).length, String(bad)).toBeGreaterThan(0);
  }
});
