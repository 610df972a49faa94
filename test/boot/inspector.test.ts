import { expect, test } from 'vitest';
import { channelAdvice } from '../../src/boot/inspector.ts';
import type { SystemId } from '../../src/model/profile.ts';
import { profileOf } from '../os/sample.ts';

function said(system: SystemId, channel: string) {
  return channelAdvice(profileOf({ system, channel, raw: { system, channel } }));
}

test('a channel that the system does not have is a warning with the word that was meant', () => {
  expect(said('flatcar', 'stabel')).toEqual([
    {
      severity: 'warning',
      message: '"stabel": flatcar has no such channel',
      place: { file: 'profiles/sample.json', key: 'channel' },
      remedy: expect.stringContaining('did you mean "stable"?') as string,
    },
  ]);
  expect(said('fedora-coreos', 'lts')).toHaveLength(1);
  expect(said('talos', 'beta')).toHaveLength(1);
});

test('those that there are, and those of custom, are none', () => {
  for (const [system, channel] of [
    ['flatcar', 'lts'],
    ['flatcar', 'stable'],
    ['coreos', 'alpha'],
    ['fedora-coreos', 'next'],
    ['debian', 'bookworm'],
    ['ubuntu', '24.04'],
    ['talos', 'stable'],
    ['custom', 'x'],
  ] as const) {
    expect(said(system, channel), `${system} ${channel}`).toEqual([]);
  }
});
