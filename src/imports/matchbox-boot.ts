import type { Json, JsonObject, SystemId } from '../model/profile.ts';

/** Tells of a part of the `boot` of a matchbox profile, by its path in there. */
type Tell = (path: readonly (string | number)[], message: string, remedy: string) => void;

export interface ConvertedBoot {
  readonly system: SystemId;
  /** What the profile says beside its documents and machines. */
  readonly keys: JsonObject;
  /** The files of assets/ that it boots. */
  readonly assets: readonly string[];
  /** The key under which the generic document belongs, as the argument that asks for it says. */
  readonly generic: 'generic' | 'kickstart' | 'preseed';
  /** What `coreos.inst.install_dev` writes on. */
  readonly disk: string | undefined;
}

/**
 * `boot` of a matchbox profile: the systems that are known here by the names of their files, and without the arguments
 * that they get here anyway; anything else as `custom`. `lost` is told what has no counterpart, `noted` what is different.
 */
export function convertBoot(boot: JsonObject, lost: Tell, noted: Tell): ConvertedBoot {
  const kernel = text(boot['kernel']);
  const initrds = texts(boot['initrd']).map((entry) => entry.replace(/^--name \S+ +/, ''));
  const known = knownSystem(kernel, initrds);
  const system = known?.system ?? 'custom';
  const args = readArgs(texts(boot['args']), system, lost, noted);
  const release: JsonObject =
    known === undefined
      ? {
          kernel: belowImages(kernel),
          ...(initrds.length === 0 ? {} : { initrd: initrds.map(belowImages) }),
        }
      : releaseKeys(known);
  if (known !== undefined && known.version === undefined) {
    const message = `its files say no version: the newest one of the channel ${known.channel} is booted`;
    noted(['kernel'], message, 'or write the one that you want as "version", and "update": "manual"');
  }
  return {
    system,
    keys: {
      system,
      ...release,
      ...(args.console.length === 0 ? {} : { console: args.console }),
      ...(args.kept.length === 0 ? {} : { kernel_args: args.kept }),
    },
    assets: [kernel, ...initrds].filter((path) => ASSET.test(path)).map((path) => path.replace(ASSET, '')),
    generic: args.generic,
    disk: args.disk,
  };
}

interface KnownSystem {
  readonly system: SystemId;
  readonly version: string | undefined;
  readonly channel: string;
  readonly arch: 'amd64' | 'arm64';
}

function knownSystem(kernel: string, initrds: readonly string[]): KnownSystem | undefined {
  const name = kernel.slice(kernel.lastIndexOf('/') + 1);
  const [, version, machine] = /^fedora-coreos-([\d.]+)-live-kernel[-.](x86_64|aarch64)$/.exec(name) ?? [];
  if (version !== undefined && initrds.every((path) => path.includes(`fedora-coreos-${version}-live-`))) {
    const channel = STREAMS[version.split('.')[2] ?? ''] ?? 'stable';
    return { system: 'fedora-coreos', version, channel, arch: machine === 'aarch64' ? 'arm64' : 'amd64' };
  }
  const [, maker] = /^(flatcar|coreos)_production_pxe\.vmlinuz$/.exec(name) ?? [];
  const image = `${maker ?? ''}_production_pxe_image.cpio.gz`;
  // A second initramfs is an addition of the operator's: only `custom` boots it.
  if (maker === undefined || initrds.length !== 1 || initrds[0]?.endsWith(image) !== true) return undefined;
  return {
    system: maker === 'flatcar' ? 'flatcar' : 'coreos',
    version: /\/(\d{3,5}\.\d{1,4}\.\d{1,4})\//.exec(kernel)?.[1],
    channel: /\b(beta|alpha|lts)\b/.exec(kernel)?.[1] ?? 'stable',
    arch: kernel.includes('arm64') ? 'arm64' : 'amd64',
  };
}

/** The third number of a version of Fedora CoreOS. */
const STREAMS: Readonly<Record<string, string>> = { '1': 'next', '2': 'testing', '3': 'stable' };

/** matchbox never changes a version by itself. */
function releaseKeys({ version, channel, arch }: KnownSystem): JsonObject {
  return {
    ...(channel === 'stable' ? {} : { channel }),
    ...(arch === 'amd64' ? {} : { arch }),
    ...(version === undefined ? {} : { version, update: 'manual' }),
  };
}

const ASSET = /^(?:https?:\/\/[^/]+)?\/assets\//;

function belowImages(path: string): string {
  return path.replace(ASSET, '');
}

interface Arguments {
  readonly console: readonly string[];
  readonly kept: readonly string[];
  readonly generic: ConvertedBoot['generic'];
  readonly disk: string | undefined;
}

/** What the program that boots the system makes of its own. */
const OWN: Readonly<Record<string, RegExp>> = {
  all: /^(?:initrd=|(?:coreos|flatcar|ignition)\.config\.url=|cloud-config-url=)/,
  flatcar: /^(?:flatcar|coreos)\.first_boot\b/,
  coreos: /^coreos\.first_boot\b/,
  'fedora-coreos':
    /^(?:ignition\.firstboot$|ignition\.platform\.id=metal$|coreos\.live\.rootfs_url=|coreos\.inst\.(?:ignition_url|image_url|insecure)\b|coreos\.inst=yes)/,
};
const DOCUMENT_URL = /^[\w./-]+=(?:nocloud[^=]*=)?https?:\/\/[^/]+\/(?:ignition|cloud|generic)\b/;
const GENERIC: Readonly<Record<string, 'kickstart' | 'preseed'>> = {
  'inst.ks': 'kickstart',
  ks: 'kickstart',
  url: 'preseed',
  'preseed/url': 'preseed',
};

function readArgs(args: readonly string[], system: SystemId, lost: Tell, noted: Tell): Arguments {
  const console: string[] = [];
  const kept: string[] = [];
  let generic: ConvertedBoot['generic'] = 'generic';
  let disk: string | undefined;
  for (const [index, arg] of args.entries()) {
    const path = ['args', index];
    const [name, value] = halves(arg);
    const as = GENERIC[name];
    if (name === 'console') console.push(value);
    else if (system === 'fedora-coreos' && name === 'coreos.inst.install_dev') disk = value;
    else if (OWN['all']?.test(arg) === true || OWN[system]?.test(arg) === true) continue;
    else if (as !== undefined && DOCUMENT_URL.test(arg)) generic = as;
    else if (DOCUMENT_URL.test(arg)) {
      const message = `\`${name}\` asks matchbox for a document, and no system that is known here reads it so`;
      lost(path, message, 'write the address in "kernel_args", for one machine: nothing in them is filled in');
    } else if (arg.includes('${')) {
      const message = `\`${name}\` holds a variable of iPXE, and nothing in "kernel_args" is filled in`;
      lost(path, message, 'write what it gives');
    } else {
      if (/https?:\/\//.test(arg)) noted(path, `\`${name}\` keeps its address`, 'change it, if that is matchbox’s');
      kept.push(arg);
    }
  }
  return { console, kept, generic, disk };
}

function halves(arg: string): readonly [string, string] {
  const at = arg.indexOf('=');
  return at === -1 ? [arg, ''] : [arg.slice(0, at), arg.slice(at + 1)];
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly Json[]).map(text).filter((one) => one !== '') : [];
}
