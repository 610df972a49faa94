import { bytesText, durationText } from '../../model/text.ts';
import type { BootView, TimelineEvent } from '../../model/views.ts';
import { svgNumber } from './format.ts';

/** A step's class in the picture of a boot, and its word. */
interface StepKind {
  readonly kind: 'dhcp' | 'tftp' | 'script' | 'kernel' | 'initrd' | 'file' | 'config' | 'up' | 'refused' | 'operator';
  readonly word: string;
}

const KINDS: Readonly<Record<Exclude<TimelineEvent['kind'], 'file'>, StepKind>> = {
  dhcp: { kind: 'dhcp', word: 'DHCP' },
  tftp: { kind: 'tftp', word: 'TFTP' },
  script: { kind: 'script', word: 'Script' },
  document: { kind: 'config', word: 'Config' },
  'phone-home': { kind: 'up', word: 'Up' },
  installed: { kind: 'up', word: 'Installed' },
  refused: { kind: 'refused', word: 'Refused' },
  incident: { kind: 'refused', word: 'Incident' },
  operator: { kind: 'operator', word: 'Operator' },
  log: { kind: 'file', word: 'Log' },
};

// What publishers call a kernel and an initramfs: vmlinuz, linux, vmlinuz-amd64, kernel-x86_64, flatcar_production_pxe.vmlinuz,
// coreos_production_pxe.vmlinuz, fedora-coreos-..-live-kernel.x86_64; initrd, initrd.gz, .._pxe_image.cpio.gz,
// initramfs-amd64.xz, fedora-coreos-..-live-initramfs.x86_64.img, ..-live-rootfs.x86_64.img.
const INITRD = /initrd|initramfs|rootfs|cpio/i;
const KERNEL = /vmlinuz|kernel|bzimage|^linux$/i;

export function stepKind(event: Pick<TimelineEvent, 'kind' | 'what'>): StepKind {
  if (event.kind !== 'file') return KINDS[event.kind];
  const name = event.what?.split('/').at(-1) ?? '';
  if (INITRD.test(name)) return { kind: 'initrd', word: 'Initrd' };
  if (KERNEL.test(name)) return { kind: 'kernel', word: 'Kernel' };
  return { kind: 'file', word: 'File' };
}

/** A boot as rows on one time axis: the same table is the picture and what a screen reader reads. */
export interface Waterfall {
  readonly ticks: readonly Tick[];
  readonly steps: readonly Step[];
  /** The steps after the first ones, folded away. */
  readonly more: readonly Step[];
}

/** Positions and widths are percentages of the axis. */
export interface Tick {
  readonly x: string;
  readonly text: string;
}

export interface Step extends StepKind {
  readonly id: number;
  readonly text: string;
  readonly ok: boolean;
  /** What the line itself does not say about its end. */
  readonly note: string | undefined;
  /** `3 times`; undefined when it happened once. */
  readonly times: string | undefined;
  readonly size: string | undefined;
  /** How long it took; undefined for what has no length. */
  readonly took: string | undefined;
  /** When it began, from the first question: `+1.2 s`. */
  readonly begin: string;
  readonly x: string;
  readonly width: string;
  readonly end: string;
  /** Where its one moment is, in percent: for what has no length. */
  readonly point: boolean;
  /** The time between the last transfer and the report: the machine was starting, we only waited. */
  readonly waited: boolean;
}

const SHOWN = 24;

export function waterfall(boot: BootView): Waterfall {
  const { events } = boot;
  const start = Math.min(boot.at, ...events.map(beginOf));
  const end = Math.max(boot.upAt ?? start, start + (boot.ms ?? 0), ...events.map((event) => event.at), start + 1);
  const span = end - start;
  let before = start;
  const steps = events.map((event) => {
    const waited = (event.kind === 'phone-home' || event.kind === 'installed') && event.ms === undefined;
    const begin = waited ? Math.min(before, event.at) : beginOf(event);
    before = Math.max(before, event.at);
    return stepOf(event, { begin, waited, start, span });
  });
  return { ticks: ticksOf(span), steps: steps.slice(0, SHOWN), more: steps.slice(SHOWN) };
}

interface Spot {
  readonly begin: number;
  readonly waited: boolean;
  readonly start: number;
  readonly span: number;
}

function stepOf(event: TimelineEvent, { begin, waited, start, span }: Spot): Step {
  const length = event.at - begin;
  const width = (length / span) * 100;
  return {
    ...stepKind(event),
    id: event.id,
    text: textOf(event),
    ok: event.ok,
    note: event.ok || event.kind === 'refused' ? undefined : 'did not end well',
    times: event.times > 1 ? `${event.times} times` : undefined,
    size: event.bytes === undefined || event.bytes === 0 ? undefined : bytesText(event.bytes),
    took: length > 0 ? durationText(length) : undefined,
    begin: `+${durationText(begin - start)}`,
    // a bar that would be too thin to see is a point
    x: svgNumber(Math.min(((begin - start) / span) * 100, 99)),
    width: svgNumber(width),
    end: svgNumber(((event.at - start) / span) * 100),
    point: width < 0.8,
    waited,
  };
}

/** The line that the journal wrote, and the file's name where that line does not say it. */
function textOf({ text, what }: TimelineEvent): string {
  const name = what?.split('/').at(-1) ?? '';
  return text.includes(name) || name === 'script' ? text : `${text}: ${name}`;
}

function beginOf(event: TimelineEvent): number {
  return event.at - (event.ms ?? 0);
}

/** Four to eight round steps over the axis. */
function ticksOf(span: number): readonly Tick[] {
  const rough = span / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough) ?? rough;
  const minutes =
    rough > 30_000 ? ([60, 120, 300, 600, 1800, 3600].map((s) => s * 1000).find((n) => n >= rough) ?? step) : step;
  const ticks: Tick[] = [];
  for (let at = 0; at < span * 0.97; at += minutes) {
    ticks.push({ x: svgNumber((at / span) * 100), text: at === 0 ? '0' : tickText(at) });
  }
  return ticks;
}

function tickText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000 || ms % 60_000 !== 0) return `${Math.round(ms / 100) / 10} s`;
  return `${ms / 60_000} min`;
}

/** `712 MiB` that went over the wire in this boot; undefined when nothing did. */
export function bootBytes(boot: BootView): string | undefined {
  const sum = boot.events.reduce((all, event) => all + (event.bytes ?? 0), 0);
  return sum === 0 ? undefined : bytesText(sum);
}
