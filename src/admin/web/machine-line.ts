import type { Download, MachineRow } from '../../model/views.ts';
import { bytesText, optionalMoment, type Moment } from './format.ts';
import { machineHref, profileHref, slug } from './links.ts';
import { sparkline, type Sparkline } from './sparkline.ts';
import { stateMark, type StateMark } from './state-mark.ts';

/** A machine as a row shows it. Everything that it said of itself is plain text: the template escapes it. */
export interface MachineLine {
  readonly key: string;
  readonly slug: string;
  readonly href: string;
  readonly mark: StateMark;
  /** What its installation waits for. */
  readonly installation: { readonly text: string; readonly erase: boolean; readonly claimed: boolean } | undefined;
  readonly title: string;
  /** By what it is known, unless that is the title already. */
  readonly identity: string | undefined;
  readonly maker: string | undefined;
  readonly product: string | undefined;
  readonly address: string | undefined;
  readonly profile: { readonly name: string; readonly href: string } | undefined;
  readonly version: string | undefined;
  readonly download: DownloadLine | undefined;
  readonly spark: Sparkline | undefined;
  readonly seen: Moment | undefined;
  readonly first: Moment | undefined;
  readonly serial: string | undefined;
  readonly unknown: boolean;
}

export interface DownloadLine {
  readonly file: string;
  readonly received: number;
  readonly size: number;
  /** `62 %`. */
  readonly percent: string;
  /** `212 of 341 MiB`. */
  readonly text: string;
}

export function machineLine(row: MachineRow, now: number): MachineLine {
  const title = machineTitle(row);
  const identity = row.mac ?? row.uuid ?? row.serial;
  const maker = row.manufacturer ?? row.vendor;
  return {
    key: row.key,
    slug: slug(row.key),
    href: machineHref(row.key),
    mark: stateMark(row.state),
    installation: installationLine(row),
    title,
    identity: identity === title ? undefined : identity,
    maker,
    product: row.product,
    address: row.address,
    profile: row.profile === undefined ? undefined : { name: row.profile, href: profileHref(row.profile) },
    version: row.version === '' ? undefined : row.version,
    download: row.download === undefined ? undefined : downloadLine(row.download),
    spark: sparkline(row.boots),
    seen: optionalMoment(row.lastSeen, now),
    first: optionalMoment(row.firstSeen, now),
    serial: row.serial,
    unknown: row.state === 'unknown',
  };
}

function installationLine({ installation }: MachineRow): MachineLine['installation'] {
  if (installation === undefined) return undefined;
  const { state, text } = installation;
  return { text, erase: state === 'erase-pending', claimed: state === 'claimed' };
}

/** What people call it: its name in the profile, else what it calls itself, else by what it is known. */
export function machineTitle(row: Pick<MachineRow, 'name' | 'hostname' | 'mac' | 'key'>): string {
  return row.name ?? row.hostname ?? row.mac ?? row.key;
}

function downloadLine({ file, received, size }: Download): DownloadLine {
  const whole = Math.max(size, received, 1);
  return {
    file: file.split('/').at(-1) ?? file,
    received: Math.min(received, whole),
    size: whole,
    percent: `${String(Math.floor((received / whole) * 100))} %`,
    text: `${bytesText(received)} of ${bytesText(whole)}`,
  };
}
