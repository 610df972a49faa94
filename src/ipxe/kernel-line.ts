import type { FileDiagnostic } from '../model/failure.ts';
import type { Plan } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import { initrdNames, liveText } from './boot-script.ts';

/** A problem that does not know yet in which file it is. */
type KernelLineProblem = Omit<FileDiagnostic, 'place'>;

interface KernelLineOptions {
  /**
   * Bytes that the boot loader puts before our arguments. The EFI stub counts the image's file name and a blank; by
   * default the kernel's own file name is taken, which is what coreos-ipxe-server's script leads to (ours is shorter).
   */
  readonly loaderPrefixBytes?: number;
}

// Linux 6.1 cuts at 2,047 bytes on a BIOS; the EFI stub drops the word that passes 2,029 and all behind it. Silently.
const MOST_BYTES = 2000;
const MANY_BYTES = 1900;
// "Too many boot env vars" panics at the 32nd; HOME and TERM are there from the start and a loader may add its own.
const MOST_UNKNOWN = 30;
const MANY_UNKNOWN = 25;

/** What would go wrong with a plan's arguments on their way through iPXE and into Linux. Empty when nothing would. */
export function kernelLineProblems(plan: Plan, options: KernelLineOptions = {}): KernelLineProblem[] {
  return [...textProblems(plan.args), ...lengthProblems(plan, options), ...countProblems(plan)];
}

/** The arguments as Linux will see them, with what the boot script adds. */
export function kernelLine(plan: Plan): string {
  return [...initrdNames(plan).map((name) => `initrd=${name}`), ...plan.args].join(' ');
}

function textProblems(args: readonly string[]): KernelLineProblem[] {
  return args.flatMap((arg) => {
    const shown = JSON.stringify(arg.length > 60 ? `${arg.slice(0, 60)}...` : arg);
    const key = arg.startsWith('sshkey=');
    const live = liveText(arg);
    if (live !== undefined) return [error(`kernel argument ${shown} ${live}`, key ? KEY_REMEDY : TEXT_REMEDY)];
    if (arg === '') return [error('a kernel argument is empty', 'take it out')];
    if (key && !/^sshkey="[^"]+"$/.test(arg)) {
      return [error(`the key in ${shown} holds a double quote, which ends it early`, KEY_REMEDY)];
    }
    const quotes = arg.split('"').length - 1;
    if (quotes % 2 === 1) {
      return [
        error(`kernel argument ${shown} opens a quote and does not close it`, 'write both quotes in one argument'),
      ];
    }
    return [];
  });
}

const TEXT_REMEDY = 'iPXE cannot quote: write the value in another way, or put it into a configuration document';
const KEY_REMEDY = 'put one key on one line in the .pub file, with a comment of plain letters and no " or #';

function lengthProblems(plan: Plan, options: KernelLineOptions): KernelLineProblem[] {
  const prefix = options.loaderPrefixBytes ?? fileName(plan).length + 1;
  const bytes = prefix + Buffer.byteLength(kernelLine(plan), 'utf8');
  if (bytes <= MANY_BYTES) return [];
  const message =
    `the kernel's command line has ${bytes.toLocaleString('en')} bytes with what the boot loader adds; ` +
    `Linux cuts it a little over ${MOST_BYTES.toLocaleString('en')}`;
  const remedy = 'move settings from the command line into a configuration document';
  return [bytes > MOST_BYTES ? error(message, remedy) : { severity: 'warning', message, remedy }];
}

function fileName(plan: Plan): string {
  const { kernel } = plan;
  const path = kernel.kind === 'shelf' ? kernel.path : kernel.url.replace(/[?#].*$/, '');
  return path.slice(path.lastIndexOf('/') + 1);
}

function countProblems(plan: Plan): KernelLineProblem[] {
  const count = words(plan.args.join(' ')).filter(takesInitPlace).length;
  if (count < MANY_UNKNOWN) return [];
  const message = `${count} kernel arguments of the form NAME=VALUE are not Linux's own; at 32 the kernel panics`;
  const remedy = 'move settings from the command line into a configuration document';
  return [count >= MOST_UNKNOWN ? error(message, remedy) : { severity: 'warning', message, remedy }];
}

/**
 * `name=value` words that Linux (6.1) takes itself on the machines we boot. Every other one without a dot in its name
 * is handed to init as an environment variable, and there is room for 32 of those. The list need not be complete: what
 * is missing only makes the count careful.
 */
const KNOWN = new Set(
  `acpi apic audit boot_delay brd.max_part cgroup_disable clocksource console crashkernel debug_guardpage_minorder
  default_hugepagesz earlycon earlyprintk edd efi elevator enforcing fips hugepages hugepagesz i915.modeset idle
  init init_on_alloc init_on_free initcall_debug initrd intel_iommu intel_pstate iommu ip isolcpus lockdown
  log_buf_len loglevel lpj lsm max_loop mce mem memmap memtest mitigations module_blacklist mtrr_chunk_size
  nfsroot nfsaddrs nfs_root nmi_watchdog nohz nosmt noexec noreplace-smp norandmaps numa nr_cpus maxcpus pageblock
  panic panic_on_oops panic_on_warn pci pcie_aspm pcie_ports possible_cpus preempt printk_ratelimit processor
  pti quiet ramdisk_size ramdisk_start random rcu_nocbs rdinit reboot reservetop resume resume_offset ro root
  rootdelay rootflags rootfstype rw security selinux apparmor slab_nomerge slub_debug smt spectre_v2 swapaccount
  swiotlb sysrq_always_enabled thp transparent_hugepage tsc vdso vga video vmalloc vsyscall watchdog_thresh
  netdev nomodeset noapic nolapic noinitrd load_ramdisk prompt_ramdisk md raid dm-mod.create usbcore.autosuspend
  cma kasan kmemleak kvm-intel.nested l1tf mds tsx tsx_async_abort retbleed srbds mmio_stale_data amd_iommu amd_pstate
  hpet pcie_port_pm cpuidle.off fw_devlink ima_policy ima_appraise evm integrity_audit nowatchdog nopti`
    .split(/\s+/)
    .filter((name) => name !== ''),
);

/** True for a word that takes one of the 32 places: `name=value`, no dot in the name, not the kernel's own. */
export function takesInitPlace(word: string): boolean {
  const equals = word.indexOf('=');
  if (equals <= 0) return false;
  const name = word.slice(0, equals);
  // The kernel takes "-" and "_" for the same in names; with a dot it is a module's parameter and never an environment.
  return !name.includes('.') && !KNOWN.has(name) && !KNOWN.has(name.replaceAll('-', '_'));
}

/** As Linux splits its command line (lib/cmdline.c, next_arg): double quotes protect blanks. */
function words(line: string): string[] {
  return line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function error(message: string, remedy: string): KernelLineProblem {
  return { severity: 'error', message, remedy };
}

/** What the values of a profile that become one word of a script may consist of. Nothing in it is live anywhere. */
const WORD = /^[A-Za-z0-9._:/@%+,=~-]{1,256}$/;

/** A profile's values that would not reach the kernel as they are written, each with file and key. */
export function profileWordProblems(profile: Profile): FileDiagnostic[] {
  const words: [key: string, value: string | undefined][] = [
    ['version', profile.version],
    ...profile.console.map((name, i): [string, string] => [`console[${i}]`, name]),
    ['coreos_autologin', profile.coreos_autologin],
    ['root', profile.root],
    ['rootfstype', profile.rootfstype],
    ['install.disk', profile.install?.disk],
  ];
  return [
    ...words.flatMap(([key, value]) =>
      value === undefined || value === '' || WORD.test(value)
        ? []
        : [refused(profile, key, liveText(value) ?? 'is more than one plain word')],
    ),
    ...profile.kernel_args.flatMap((value, i) => {
      const reason = liveText(value);
      return reason === undefined ? [] : [refused(profile, `kernel_args[${i}]`, reason)];
    }),
  ];
}

function refused(profile: Profile, key: string, reason: string): FileDiagnostic {
  return {
    severity: 'error',
    message: `the value ${reason}`,
    place: { file: profile.file, key },
    remedy: 'use letters, digits and . _ : / @ % + , = ~ - ; longer settings belong into a configuration document',
  };
}
