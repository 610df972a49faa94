import { Failure } from '../model/failure.ts';
import { type MachineFacts, macHyphens } from '../model/machine.ts';
import { artifactUrl, type Origin, type Plan } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';

/**
 * Pieces that several scripts share. They use only commands that Debian's iPXE of 2019 knows (no params, poweroff,
 * imgverify): every Debian 12 and QEMU 7.2 has that one.
 */

/** Without a limit iPXE waits for ever on a server that accepts and stays silent. Milliseconds without progress. */
export const SCRIPT_TIMEOUT_MS = 20_000;
const IMAGE_TIMEOUT_MS = 30_000;

/** The longest pause between two tries, in seconds. A power of two: pauses double. */
const LONGEST_PAUSE = 32;

/** Settings live as long as iPXE does: a script that is asked for again goes on with the pause it had reached. */
export const KEEP_PAUSE = 'isset ${pause} || set pause:int32 1';
export const RESET_PAUSE = 'set pause:int32 1';

/** Waits, longer each time (1, 2, 4 ... 32 s). Ctrl-C in a pause ends the script: the firmware tries the next device. */
export const GROWING_PAUSE: readonly string[] = [
  'echo Trying again in ${pause:int32} s, Ctrl-C gives up',
  'sleep ${pause:int32} || exit 1',
  `iseq \${pause:int32} ${LONGEST_PAUSE} || inc pause \${pause:int32}`,
];

/** `#!ipxe` at the first byte, or a BIOS runs the text as machine code; a line break at the end. */
export function script(lines: readonly string[]): string {
  return `${['#!ipxe', ...lines].join('\n')}\n`;
}

/**
 * `GET /boot.ipxe`: makes iPXE send its own facts to `/ipxe`.
 * - The order is the order of trust, and free text comes last: iPXE of 2019 decodes and encodes URLs once more, so a
 *   `#` or `&` in a serial number cuts or splits the query behind it. `mac` (with hyphens) and `uuid` are safe.
 * - Never `filename`: it ends in a NUL, and 2019 loses everything behind it.
 * - A BIOS iPXE says i386 on any processor: `cpuid --ext 29` asks for long mode.
 * - `ifopen` because Debian 13's iPXE (1.21.1+git20250501) runs autoexec.ipxe with the network card closed: `${ip}` is
 *   set, and everything is "Network unreachable". It stands behind the MAC: afterwards netX is the card opened last.
 * - A closed card has no netX: then the machine is the card that has an address, which need not be the first one.
 * - `secure`: asked first. Whether a build of iPXE knows TLS and trusts our certificate shows by trying: one that does
 *   not says so at once, and asks without. What is asked over TLS is answered with https everywhere.
 * - `--replace` gives the answer this script's place: `exit 1` in it then reaches the firmware, and asking again for
 *   hours does not pile up scripts in memory.
 */
export function startScript(origin: Origin, secure?: Origin, vlan?: number): string {
  return script([
    'isset ${netX/mac} && set machine-mac ${netX/mac:hexhyp} && goto known ||',
    'set machine-mac ${net0/mac:hexhyp}',
    'set card:int32 0',
    ':card',
    'isset ${net${card:int32}/mac} || goto known',
    'isset ${net${card:int32}/ip} && set machine-mac ${net${card:int32}/mac:hexhyp} ||',
    'inc card',
    'goto card',
    ':known',
    'set machine-arch ${buildarch}',
    'iseq ${buildarch} i386 && cpuid --ext 29 && set machine-arch x86_64 ||',
    RESET_PAUSE,
    ...(vlan === undefined ? [] : vlanLines(vlan, '${machine-mac}')),
    ':ask',
    'ifopen ||',
    ...(secure === undefined ? [] : [`echo Asking ${secure} over TLS`, `${ask(secure)} ||`]),
    `echo Asking ${origin} what \${machine-mac} shall boot`,
    `${ask(origin)} || goto retry`,
    ':retry',
    ...GROWING_PAUSE,
    'goto ask',
  ]);
}

/**
 * For a machine that did not say its processor, where that decides: it asks for the same once more. Free text may stand at
 * the end of the address, where iPXE of 2019 may cut it off.
 */
export function askProcessor(url: string): string {
  const saying = url.includes('?')
    ? inert(url).replace('?', '?arch=${buildarch}&')
    : `${inert(url)}?arch=\${buildarch}`;
  return script([
    KEEP_PAUSE,
    ':ask',
    `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${saying} || goto retry`,
    ':retry',
    ...GROWING_PAUSE,
    'goto ask',
  ]);
}

function ask(origin: Origin): string {
  return `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${origin}/ipxe?${FACTS.join('&')}`;
}

const FACTS = [
  'mac=${machine-mac}',
  'uuid=${uuid}',
  'platform=${platform}',
  'arch=${machine-arch}',
  'serial=${serial:uristring}',
  'hostname=${hostname:uristring}',
  'asset=${asset:uristring}',
  'manufacturer=${manufacturer:uristring}',
  'product=${product:uristring}',
];

/** Network cards that are looked at for the one that boots, beside the first. */
const OTHER_CARDS = [1, 2, 3, 4, 5];

/**
 * Makes a VLAN on the card that boots, and asks for an address there. iPXE of 2019 has no `vcreate`, a card may have none
 * of the VLAN: the machine goes on as it is, and says so. Making it once more does no harm.
 */
function vlanLines(vlan: number, mac: string): string[] {
  const failed = `echo No VLAN \${vlan-id} here: this iPXE cannot make it (vcreate), or no DHCP server answers in it`;
  return [
    `set vlan-id ${vlan}`,
    'set vlan-card net0',
    ...OTHER_CARDS.map(
      (i) => `isset \${net${i}/mac} && iseq \${net${i}/mac:hexhyp} ${mac} && set vlan-card net${i} ||`,
    ),
    `vcreate --tag \${vlan-id} \${vlan-card} && dhcp \${vlan-card}-\${vlan-id} || ${failed}`,
  ];
}

/** A key that a person at the screen may press before the machine goes on. */
export interface MenuKey {
  readonly seconds: number;
  /** Where the menu is. */
  readonly url: string;
}

/** `prompt` with --key and --timeout is as old as 2012. Another key, or none, goes on; so does a menu that cannot be had. */
export function menuKeyLines(menuKey: MenuKey | undefined): string[] {
  if (menuKey === undefined) return [];
  const { seconds, url } = menuKey;
  return [
    `prompt --key 0x6d --timeout ${seconds * 1000} Press m within ${seconds} s for the menu of tools || goto own`,
    `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${inert(url)} ||`,
    ':own',
  ];
}

export interface BootScriptInput {
  readonly plan: Plan;
  readonly origin: Origin;
  /** For the person at the screen: who the machine is, what it boots, because of what. Made safe here. */
  readonly lines: readonly string[];
  /** Where to ask once more when a fetch fails: the answer may have changed (a version replaced, a profile edited). */
  readonly again?: string;
  /** With Secure Boot on: the shim that knows the kernel's signature. An iPXE that has no such command goes on. */
  readonly shim?: string | undefined;
  readonly menuKey?: MenuKey | undefined;
  /** The VLAN to fetch in, and the MAC of the card that it is made on. */
  readonly vlan?: { readonly tag: number; readonly mac: string } | undefined;
}

/** What the kernel is called in iPXE. The EFI stub counts `linux ` among the command line's bytes. */
const KERNEL_NAME = 'linux';

/**
 * The portable boot script.
 * - `imgfree` first: any image left over from before would be unpacked as a part of the initramfs.
 * - `initrd=main` and `--name main` belong together: iPXE of 2019 on EFI serves an initrd by its name only, and the
 *   kernel panics without; BIOS and iPXE 2 ignore the argument. Several initrds are all named, in order: BIOS and
 *   iPXE 2 take all images in the order of fetching, the EFI stub takes every `initrd=` in the order of the line.
 * - A file with a name of its own is one that the kernel looks for (wimboot): it is named so, and in no `initrd=`.
 * - Every fetch has a time limit and every failure leads to a pause and another try.
 */
export function bootScript({ plan, origin, lines, again, shim, menuKey, vlan }: BootScriptInput): string {
  const names = initrdNames(plan);
  const args = [...names.map((name) => `initrd=${name}`), ...plan.args.map(inert)];
  const unnamed = names.values();
  const kernel = inert(artifactUrl(plan.kernel, origin));
  const initrds = plan.initrds.map((initrd) => {
    const url = inert(artifactUrl(initrd, origin));
    // By --name iPXE offers it on EFI, by the word behind the URL on a BIOS, in every version since 2019.
    if (initrd.name !== undefined) return `--name ${inert(initrd.name)} ${url} ${inert(initrd.name)}`;
    return `--name ${unnamed.next().value ?? ''} ${url}`;
  });
  return script([
    ...echoLines(lines),
    ...menuKeyLines(menuKey),
    ...(vlan === undefined ? [] : vlanLines(vlan.tag, vlan.mac)),
    KEEP_PAUSE,
    ':fetch',
    'imgfree',
    `kernel --timeout ${IMAGE_TIMEOUT_MS} --name ${KERNEL_NAME} ${[kernel, ...args].join(' ')} || goto retry`,
    ...initrds.map((words) => `initrd --timeout ${IMAGE_TIMEOUT_MS} ${words} || goto retry`),
    ...(shim === undefined ? [] : [`shim --timeout ${IMAGE_TIMEOUT_MS} ${inert(shim)} ||`]),
    'boot || goto retry',
    ':retry',
    ...GROWING_PAUSE,
    ...(again === undefined ? [] : [`chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${inert(again)} ||`]),
    'goto fetch',
  ]);
}

/**
 * `ORIGIN/ipxe?mac=...`: where this machine asks once more, with the facts that it has sent already and with what was
 * chosen at its screen. Free text comes last: iPXE of 2019 may cut the query there.
 */
export function againUrl(origin: Origin, facts: MachineFacts, choice?: string): string {
  return queryUrl(`${origin}/ipxe`, [
    ['mac', facts.mac === undefined ? undefined : macHyphens(facts.mac)],
    ['uuid', facts.uuid],
    ['profile', choice],
    ['platform', facts.platform],
    ['arch', facts.arch],
    ['serial', facts.serial],
    ['hostname', facts.hostname],
    ['asset', facts.asset],
    ['manufacturer', facts.manufacturer],
    ['product', facts.product],
  ]);
}

interface LegacyInput {
  readonly profile: Profile;
  readonly origin: Origin;
  /** The text of the key that the profile names, without white space around it. */
  readonly sshKey?: string;
}

/**
 * `GET /?profile=NAME`: byte for byte what coreos-ipxe-server sent for the same folder (its kernel/options.go fixes the
 * order). It has no `initrd=`, so UEFI machines with an old iPXE need the portable form instead. Keys that
 * coreos-ipxe-server did not know follow the old ones. Throws Failure `broken` for text that iPXE would run.
 */
export function legacyScript(input: LegacyInput): string {
  const { profile, origin } = input;
  return [
    '#!ipxe',
    `set coreos-version ${inert(profile.version)}`,
    `set base-url ${origin}/images/${profile.arch}-usr/\${coreos-version}`,
    ['kernel ${base-url}/coreos_production_pxe.vmlinuz', ...legacyOptions(input).map(inert)].join(' '),
    'initrd ${base-url}/coreos_production_pxe_image.cpio.gz',
    'boot',
    '',
  ].join('\n');
}

function legacyOptions({ profile, origin, sshKey }: LegacyInput): string[] {
  const { rootfstype, cloud_config, coreos_autologin, root, ignition } = profile;
  return [
    ...option('rootfstype=', rootfstype),
    ...profile.console.map((name) => `console=${name}`),
    ...option(`cloud-config-url=${origin}/configs/`, cloud_config?.replace(/\.yml$/, ''), '.yml'),
    ...option('coreos.autologin=', coreos_autologin),
    ...option('sshkey="', sshKey, '"'),
    ...option('root=', root),
    ...option(`coreos.first_boot=1 coreos.config.url=${origin}/configs/`, ignition),
    ...profile.kernel_args,
  ];
}

function option(before: string, value: string | undefined, after = ''): string[] {
  return value === undefined || value === '' ? [] : [before + value + after];
}

/**
 * How text gets into an iPXE script. iPXE has no quoting (core/exec.c): a line is split at blanks (runs collapse), a
 * word that begins with `#` ends it, stand-alone `;` `&&` `||` split commands, a trailing `\` joins the next line, and
 * `${...}` is always expanded, after the splitting.
 */

/** iPXE takes anything from two options before a bare word on as an option: a line of text must not begin with `-`. */
const LIVE_WORD = /^(?:#.*|;|&&|\|\|)$/;

/** One line for the screen: printable ASCII in which nothing is live any more, at most 400 characters. */
export function safeEcho(text: string): string {
  const plain = text
    .slice(0, 400)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll('${', '$ {');
  const words = plain
    .trim()
    .split(' ')
    .map((word) => (LIVE_WORD.test(word) ? `'${word}'` : word));
  const line = words.join(' ');
  return line.replace(/^-/, '*').replace(/\\$/, "\\'");
}

/** `echo` commands for lines of text, at most 60 of them; an empty line is an empty line on the screen. */
export function echoLines(lines: readonly string[]): string[] {
  return lines.slice(0, 60).map((line) => `echo ${safeEcho(line)}`.trimEnd());
}

/** Why a word (or several, separated by single blanks) would not arrive as it is written; undefined when it would. */
export function liveText(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'holds a line break';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return 'holds a control character';
  // A comment of a key may be in any language: to iPXE and Linux its bytes are plain ones (2019 and 6.1).
  if (/[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(text)) return 'holds characters that cannot be printed';
  if (text.includes('${')) return 'holds "${", which iPXE expands on the machine';
  const words = text.split(' ');
  const comment = words.find((word) => word.startsWith('#'));
  if (comment !== undefined)
    return `has the word "${comment.slice(0, 40)}": iPXE ends the line at a word that begins with "#"`;
  const operator = words.find((word) => LIVE_WORD.test(word));
  if (operator !== undefined) return `has the word "${operator}", which splits an iPXE command in two`;
  if (text.endsWith('\\')) return 'ends with a backslash, which joins the next line';
  return undefined;
}

/**
 * The last guard before a script leaves: what the catalog should have refused never becomes a second command.
 * Returns the text; throws Failure `broken`.
 */
export function inert(text: string): string {
  const reason = liveText(text);
  if (reason === undefined) return text;
  throw new Failure('broken', `"${safeEcho(text).slice(0, 80)}" ${reason}`, {
    remedy: 'take it out of the profile; `pilotlight check` shows where it stands',
  });
}

/** `base?name=value&...`, every value percent-encoded, absent and empty ones left out. One word, nothing live in it. */
export function queryUrl(base: string, pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const query = pairs
    .filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':')}`);
  return query.length === 0 ? base : `${base}?${query.join('&')}`;
}

/** What the initramfs files are called: those that the kernel unpacks, not those that it looks for by name. */
export function initrdNames({ initrds }: Pick<Plan, 'initrds'>): readonly string[] {
  return initrds.filter(({ name }) => name === undefined).map((_, i) => (i === 0 ? 'main' : `initrd${i + 1}`));
}
