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
