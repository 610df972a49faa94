import { expect, test } from 'vitest';
import {
  beginsBoot,
  type Life,
  lifeAfter,
  PAUSE_MS,
  type Phase,
  phaseAfter,
  type RecordedState,
  stateAt,
} from '../../src/journal/life.ts';
import { dhcp, document, image, installed, operator, phoneHome, refused, script, T, tftp } from './setup.ts';

function begins(phase: Phase, event: Parameters<typeof beginsBoot>[1], pause = 1000): boolean {
  return beginsBoot({ phase, lastAt: T - pause }, event, T);
}

test('whatever a machine does first begins its first boot, what an operator does does not', () => {
  const all = [
    dhcp(T, 1),
    tftp(T, 1),
    script(T, 1, 'boot'),
    image(T, 1),
    document(T, 1),
    phoneHome(T, 1),
    refused(T, 1),
  ];
  for (const event of all) expect(beginsBoot(undefined, event, T)).toBe(true);
  expect(beginsBoot(undefined, operator(T, 1, 'adopt'), T)).toBe(false);
});

test('DHCP, TFTP and the script are one boot', () => {
  for (const event of [dhcp(T, 1), tftp(T, 1), script(T, 1, 'boot'), refused(T, 1)]) {
    expect(begins('asking', event)).toBe(false);
    expect(begins('asking', event, PAUSE_MS)).toBe(false);
    expect(begins('asking', event, PAUSE_MS + 1)).toBe(true);
  }
});

test('firmware that asks after a script has started over', () => {
  for (const phase of ['told', 'running', 'over'] as const) {
    expect(begins(phase, dhcp(T, 1))).toBe(true);
    for (const file of ['undionly.kpxe', 'ipxe.efi', 'pxelinux.0', 'ipxe.PXE', 'a/b.kkpxe']) {
      expect(begins(phase, tftp(T, 1, file))).toBe(true);
    }
  }
});

test('other files over TFTP come at any time', () => {
  for (const file of ['boot.ipxe', 'vmlinuz', 'pxelinux.cfg/default', 'efi', 'kernel.10']) {
    for (const phase of ['asking', 'told', 'running', 'over'] as const) {
      expect(begins(phase, tftp(T, 1, file), PAUSE_MS * 9)).toBe(false);
    }
  }
});

test('a script that is asked for again is the same boot until the system has run', () => {
  for (const event of [script(T, 1, 'boot'), refused(T, 1)]) {
    expect(begins('told', event)).toBe(false);
    expect(begins('told', event, PAUSE_MS + 1)).toBe(true);
    expect(begins('running', event)).toBe(true);
    expect(begins('over', event)).toBe(true);
  }
});

test('a refusal elsewhere is no question', () => {
  for (const what of ['/configs/a.yml', '/images/x', '/ipxeX', '/favicon.ico']) {
    expect(begins('over', refused(T, 1, what), PAUSE_MS * 9)).toBe(false);
  }
  for (const what of ['/', '/ipxe', '/grub', '/boot.ipxe', '/boot.ipxe.0', '/v1/boot/52:54:00:00:00:01']) {
    expect(begins('over', refused(T, 1, what))).toBe(true);
  }
});

test('what a running system does belongs to its boot, however late', () => {
  for (const event of [image(T, 1), document(T, 1), phoneHome(T, 1), installed(T, 1), operator(T, 1, 'reinstall')]) {
    expect(begins('over', event, PAUSE_MS * 1000)).toBe(false);
  }
});

test('how far a boot is', () => {
  expect(phaseAfter('asking', dhcp(T, 1))).toBe('asking');
  expect(phaseAfter('asking', script(T, 1, 'boot'))).toBe('told');
  expect(phaseAfter('told', image(T, 1))).toBe('told');
  expect(phaseAfter('told', document(T, 1))).toBe('running');
  expect(phaseAfter('running', script(T, 1, 'boot'))).toBe('running');
  expect(phaseAfter('running', phoneHome(T, 1))).toBe('over');
  expect(phaseAfter('told', installed(T, 1))).toBe('over');
  expect(phaseAfter('over', document(T, 1))).toBe('over');
});

const STATES: readonly RecordedState[] = ['unknown', 'assigned', 'booting', 'up', 'installing', 'installed'];

function life(state: RecordedState, deadline: number | null = null): Life {
  return { state, since: T - 1, deadline };
}

function after(state: RecordedState, event: Parameters<typeof lifeAfter>[1]): RecordedState {
  return lifeAfter(life(state), event, T).state;
}

test.each([
  ['unknown', 'unknown'],
  ['menu', 'unknown'],
  ['waiting', 'assigned'],
  ['boot', 'booting'],
  ['install', 'installing'],
] as const)('a script that says %s makes a machine %s, whatever it was', (outcome, state) => {
  for (const before of STATES) expect(after(before, script(T, 1, outcome))).toBe(state);
});

test.each([
  ['unknown', 'assigned'],
  ['assigned', 'assigned'],
  ['booting', 'assigned'],
  ['up', 'up'],
  ['installing', 'installed'],
  ['installed', 'installed'],
] as const)('sent to its own disk, a machine that was %s is %s', (before, state) => {
  expect(after(before, script(T, 1, 'local'))).toBe(state);
});

test.each([
  ['up', phoneHome(T, 1)],
  ['installed', installed(T, 1)],
  ['assigned', operator(T, 1, 'reinstall')],
  ['assigned', operator(T, 1, 'adopt')],
  ['assigned', operator(T, 1, 'assign')],
  ['unknown', operator(T, 1, 'release')],
] as const)('%s after its report or its operator', (state, event) => {
  for (const before of STATES) expect(after(before, event)).toBe(state);
});

test('what a machine fetches does not change what it is', () => {
  for (const before of STATES) {
    for (const event of [dhcp(T, 1), tftp(T, 1), image(T, 1), document(T, 1), refused(T, 1)]) {
      expect(lifeAfter(life(before, T), event, T)).toEqual(life(before, T));
    }
  }
});

test('a deadline belongs to the script that set it', () => {
  const booting = lifeAfter(life('assigned'), script(T, 1, 'boot', { deadline: T + 5 }), T);
  expect(booting).toEqual({ state: 'booting', since: T, deadline: T + 5 });
  const again = lifeAfter(booting, script(T + 3, 1, 'boot', { deadline: T + 8 }), T + 3);
  expect(again).toEqual({ state: 'booting', since: T + 3, deadline: T + 8 });
  expect(lifeAfter(again, phoneHome(T + 4, 1), T + 4)).toEqual({ state: 'up', since: T + 4, deadline: null });
  expect(lifeAfter(again, script(T + 4, 1, 'local', { deadline: T + 9 }), T + 4).deadline).toBeNull();
});

test('the same again does not begin anew', () => {
  expect(lifeAfter(life('up'), phoneHome(T, 1), T).since).toBe(T - 1);
});

test('failed is who is booting or installing after the deadline', () => {
  for (const state of STATES) {
    const awaited = state === 'booting' || state === 'installing';
    expect(stateAt({ state, deadline: T }, T)).toBe(state);
    expect(stateAt({ state, deadline: T }, T + 1)).toBe(awaited ? 'failed' : state);
    expect(stateAt({ state, deadline: null }, T + 1)).toBe(state);
  }
});

function waitingBecause(installation: 'unfinished' | 'stopped', at: number): ReturnType<typeof script> {
  const decision = { outcome: 'waiting', installation, because: 'test' } as const;
  return { kind: 'script', at, decision, body: new Uint8Array() };
}

test('a machine that is back before its installer has reported is still installing', () => {
  const event = waitingBecause('unfinished', T);
  expect(lifeAfter(life('installing', T + 9), event, T)).toEqual(life('installing', T + 9));
  // The journal was off when it began.
  expect(lifeAfter(life('assigned'), event, T)).toEqual({ state: 'installing', since: T, deadline: null });
});

test('a machine whose tries are used up has failed, once, until its installer is let run again', () => {
  const failed = lifeAfter(life('installing'), waitingBecause('stopped', T), T);
  expect(failed).toEqual({ state: 'installing', since: T, deadline: T });
  expect(stateAt(failed, T + 1)).toBe('failed');
  expect(lifeAfter(failed, waitingBecause('stopped', T + 5), T + 5)).toBe(failed);
  expect(lifeAfter(failed, operator(T + 6, 1, 'reinstall'), T + 6).state).toBe('assigned');
});
