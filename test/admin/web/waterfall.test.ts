import { describe, expect, it, test } from 'vitest';
import { bootBytes, stepKind, waterfall } from '../../../src/admin/web/waterfall.ts';
import type { BootView, TimelineEvent } from '../../../src/model/views.ts';

test.each([
  ['flatcar/amd64/4593.2.1/flatcar_production_pxe.vmlinuz', 'kernel'],
  ['flatcar/amd64/4593.2.1/flatcar_production_pxe_image.cpio.gz', 'initrd'],
  ['fedora-coreos-42-live-kernel.x86_64', 'kernel'],
  ['fedora-coreos-42-live-initramfs.x86_64.img', 'initrd'],
  ['fedora-coreos-42-live-rootfs.x86_64.img', 'initrd'],
  ['debian/amd64/13.1/linux', 'kernel'],
  ['debian/amd64/13.1/initrd.gz', 'initrd'],
  ['talos/amd64/v1/vmlinuz-amd64', 'kernel'],
  ['talos/amd64/v1/initramfs-amd64.xz', 'initrd'],
  ['ubuntu-24.04.3-live-server-amd64.iso', 'file'],
  // a folder is no file name
  ['vmlinuz/readme.txt', 'file'],
])('%s is a %s', (what, kind) => {
  expect(stepKind({ kind: 'file', what }).kind).toBe(kind);
});

test('what is no file has its own word', () => {
  expect(stepKind({ kind: 'phone-home' })).toEqual({ kind: 'up', word: 'Up' });
  expect(stepKind({ kind: 'installed' })).toEqual({ kind: 'up', word: 'Installed' });
  expect(stepKind({ kind: 'document', what: 'configs/vmlinuz' }).word).toBe('Config');
  expect(stepKind({ kind: 'file' }).word).toBe('File');
});

const T = 1_000_000;
const event = (id: number, at: number, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id,
  at: T + at,
  kind: 'dhcp',
  text: `event ${id}`,
  ok: true,
  times: 1,
  ...more,
});
const boot = (events: readonly TimelineEvent[], more: Partial<BootView> = {}): BootView => ({
  id: 1,
  at: T,
  outcome: 'boot',
  events,
  ...more,
});

describe('the picture of a boot', () => {
  const picture = waterfall(
    boot(
      [
        event(1, 0),
        event(2, 2000, { kind: 'tftp', ms: 1000, bytes: 242_176, what: 'undionly.kpxe' }),
        event(3, 5000, { kind: 'file', ms: 3000, what: 'x/vmlinuz', text: 'x/vmlinuz', times: 3 }),
        event(4, 10_000, { kind: 'phone-home' }),
      ],
      { ms: 10_000, upAt: T + 10_000 },
    ),
  );

  it('puts every step on one axis', () => {
    expect(picture.steps.map(({ x, width }) => [x, width])).toEqual([
      ['0', '0'],
      ['10', '10'],
      ['20', '30'],
      ['50', '50'],
    ]);
  });

  it('says when each began and how long it took', () => {
    expect(picture.steps.map(({ word, begin, took, size }) => [word, begin, took, size])).toEqual([
      ['DHCP', '+0 ms', undefined, undefined],
      ['TFTP', '+1.0 s', '1.0 s', '237 KiB'],
      ['Kernel', '+2.0 s', '3.0 s', undefined],
      ['Up', '+5.0 s', '5.0 s', undefined],
    ]);
  });

  it('shows the time until the report as waiting', () => {
    expect(picture.steps.map(({ waited }) => waited)).toEqual([false, false, false, true]);
    expect(picture.steps[3]?.end).toBe('100');
  });

  it('draws what has no length as a point', () => {
    expect(picture.steps.map(({ point }) => point)).toEqual([true, false, false, false]);
  });

  it('names the file where the line does not', () => {
    expect(picture.steps[1]?.text).toBe('event 2: undionly.kpxe');
    expect(picture.steps[2]?.text).toBe('x/vmlinuz');
    expect(picture.steps[2]?.times).toBe('3 times');
  });

  it('has round ticks', () => {
    expect(picture.ticks).toEqual([
      { x: '0', text: '0' },
      { x: '20', text: '2 s' },
      { x: '40', text: '4 s' },
      { x: '60', text: '6 s' },
      { x: '80', text: '8 s' },
    ]);
  });
});

describe('ticks', () => {
  const ticks = (span: number): string[] =>
    waterfall(boot([event(1, 0), event(2, span)])).ticks.map(({ text }) => text);
  it.each([
    [40, ['0', '10 ms', '20 ms', '30 ms']],
    [38_200, ['0', '10 s', '20 s', '30 s']],
    [400_000, ['0', '2 min', '4 min', '6 min']],
    [90_000, ['0', '20 s', '40 s', '60 s', '80 s']],
  ])('of %d ms', (span, texts) => {
    expect(ticks(span)).toEqual(texts.map((text) => (text === '60 s' ? '1 min' : text)));
  });
});

it('one moment is a picture too', () => {
  const { steps, ticks } = waterfall(boot([event(1, 0)]));
  expect(steps[0]).toMatchObject({ x: '0', width: '0', point: true });
  expect(ticks.length).toBeGreaterThan(0);
});

it('a step that began before the boot was noticed widens the axis', () => {
  const { steps } = waterfall(boot([event(1, 1000, { kind: 'tftp', ms: 3000 }), event(2, 2000)]));
  expect(steps.map(({ x }) => x)).toEqual(['0', '99']);
});

it('a step that failed says so, unless its line is the refusal itself', () => {
  const { steps } = waterfall(
    boot([event(1, 0, { kind: 'tftp', ok: false }), event(2, 9, { kind: 'refused', ok: false })]),
  );
  expect(steps.map(({ note }) => note)).toEqual(['did not end well', undefined]);
});

it('folds away what comes after the first steps', () => {
  const { steps, more } = waterfall(boot(Array.from({ length: 30 }, (_, i) => event(i, i * 100))));
  expect([steps.length, more.length]).toEqual([24, 6]);
});

it('sums up what was sent', () => {
  expect(bootBytes(boot([event(1, 0, { bytes: 1024 }), event(2, 0, { bytes: 512 })]))).toBe('1.5 KiB');
  expect(bootBytes(boot([event(1, 0)]))).toBeUndefined();
});
