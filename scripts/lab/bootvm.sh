#!/usr/bin/env bash
# bootvm.sh - boot one QEMU VM over the network and wait for a line on its console.
#
# usage: bootvm.sh [options] [-- extra qemu arguments]
#
# Network, one of:
#   --url URL           user-mode network (no root): DHCP hands the iPXE ROM this URL.
#                       The host's 127.0.0.1 is 10.0.2.2 to the guest.
#   --tftp DIR --bootfile FILE
#                       user-mode network with QEMU's own TFTP server over DIR
#   --tap IFNAME        an existing tap device (see lan.sh); DHCP is the LAN's business
#   --netns NAME        run QEMU inside this network namespace (with --tap; needs root)
# Machine:
#   --firmware bios|uefi|uefi-sb|uefi-arm64|uefi-arm64-sb   default bios; -sb: Secure Boot is on, with Microsoft's keys
#   --netboot pxe|http|pxe6|http6|any
#                       UEFI only: which network boot methods the firmware tries. Default
#                       pxe: PXE over IPv4, then HTTP. http: HTTP Boot alone. any: all of
#                       them, which costs a minute per method without an answer. pxe6: PXE over IPv6 alone.
#                       http6: HTTP Boot over IPv4 first, as the firmware will have it, then over IPv6.
#   --nic MODEL         virtio-net-pci (default), e1000, e1000e, rtl8139. UEFI: virtio only,
#                       unless the NIC's own ROM (iPXE) brings the driver.
#   --mac ADDR          default 52:54:00:12:34:56
#   --unplugged ADDR    a first network card with this address, which has no cable
#   --uuid UUID         SMBIOS system UUID
#   --rom FILE          option ROM instead of the NIC's own; "none" for no ROM at all (with
#                       UEFI: the firmware's own PXE client instead of iPXE). Newer iPXE
#                       ROMs want --nic virtio-net-pci,disable-legacy=on
#   --mem MIB           default 512 (BIOS) or 768 (UEFI)
#   --accel tcg|kvm     default tcg; see "KVM" below
#   --kernel FILE       boot this file directly (ipxe.lkrn for example)
#   --initrd FILE       and this initrd; with ipxe.lkrn: a script to run
#   --append STRING     and this command line
#   --disk FILE         raw disk image, written to a snapshot that is thrown away, on virtio
# Verdict:
#   --expect REGEX      success (grep -E, default: '^E2E BOOT-OK')
#   --fail REGEX        failure (default: payload and firmware giving up)
#   --timeout SECONDS   default 120
#   --log FILE          serial console log (default: a temporary file, printed at the end)
#   --pcap FILE         capture the VM's network traffic
#   --name NAME         used in messages
#   --keep              after success, let the VM run until it powers off (or the timeout)
#   --interactive       no verdict: the serial console is this terminal until the VM powers
#                       off or Ctrl-A X is typed; the VM may reboot (and asks the network again)
#
# exit status: 0 the expected line came, 1 the VM failed or ended without it,
#              2 wrong usage, 3 QEMU did not start, 124 timeout
#
# KVM: /dev/kvm that opens is no proof that a guest can run: on nested "pvm" hosts
# stock kernels hang and iPXE triple-faults. Hence TCG unless the caller says otherwise.
set -euo pipefail

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
die() { echo "bootvm: $*" >&2; exit 2; }

url='' tftp='' bootfile='' tap='' netns='' firmware=bios nic=virtio-net-pci
mac=52:54:00:12:34:56 uuid='' rom='' mem='' accel=tcg kernel='' initrd='' append='' disk=''
expect='^E2E BOOT-OK' fail='' timeout=120 log='' pcap='' name=vm keep='' netboot=pxe
interactive='' unplugged=''
extra=()
while [ $# -gt 0 ]; do
  case $1 in
    --url | --tftp | --bootfile | --tap | --netns | --firmware | --nic | --mac | --uuid | --rom \
      | --mem | --accel | --kernel | --initrd | --append | --disk | --expect | --fail \
      | --timeout | --log | --pcap | --name | --netboot | --unplugged)
      [ $# -ge 2 ] || die "$1 wants a value"
      printf -v "${1#--}" '%s' "$2"
      shift 2
      ;;
    --keep) keep=1; shift ;;
    --interactive) interactive=1; shift ;;
    --) shift; extra=("$@"); break ;;
    *) usage ;;
  esac
done
[[ $timeout =~ ^[0-9]+$ ]] || die "--timeout wants whole seconds"
usual='qemu-system-x86_64'
[[ $firmware != uefi-arm64* ]] || usual='qemu-system-aarch64'
qemu=${QEMU:-$usual}
command -v "$qemu" >/dev/null || die "no $qemu (apt install qemu-system-x86 ipxe-qemu)"
# Longer ones crash QEMU 7.2 (128 bytes is the BOOTP field).
[ ${#url} -le 127 ] || die "--url is longer than the 127 bytes that QEMU's DHCP server can hand out"

# Console lines that mean "this will not boot any more".
if [ -z "$fail" ]; then
  fail='^E2E BOOT-FAIL|No bootable device|No bootable option or device|Kernel panic|^UEFI Interactive Shell'
  # HTTP Boot over IPv4 is always tried before the one over IPv6, and says so when it finds nothing.
  [[ $netboot =~ ^(any|http6)$ ]] || fail+='|PXE-E[0-9]+:|Could not retrieve NBP'
fi

# first_of FILE...: the first that exists.
first_of() { local f; for f; do [ -e "$f" ] && { echo "$f"; return 0; }; done; return 1; }

work=$(mktemp -d)
pid=''
stop() { # only ever the QEMU started here
  [ -n "$pid" ] || return 0
  kill "$pid" 2>/dev/null || true
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=''
}
cleanup() { stop; rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
args=(-name "$name" -nodefaults -display none -smp 1 -rtc base=utc)
if [ -n "$interactive" ]; then
  args+=(-serial mon:stdio)
else
  [ -n "$log" ] || log=$(mktemp -t bootvm.XXXXXX)
  : >"$log"
  args+=(-no-reboot -chardev "file,id=serial0,path=$log" -serial chardev:serial0)
fi
case $accel in
  tcg) args+=(-accel "tcg,tb-size=256") ;;
  *) args+=(-accel "$accel") ;;
esac
case $firmware in
  bios)
    # graphics=off makes SeaBIOS, and so iPXE, talk to the serial port.
    args+=(-machine "pc,graphics=off" -m "${mem:-512}")
    ;;
  uefi | uefi-sb | uefi-arm64 | uefi-arm64-sb)
    # A package puts the firmware in one of these; the variable store is per VM.
    case $firmware in
      uefi)
        code=$(first_of "${OVMF_CODE:-/nonexistent}" /usr/share/OVMF/OVMF_CODE_4M.fd \
          /usr/share/OVMF/OVMF_CODE.fd /usr/share/edk2/x64/OVMF_CODE.4m.fd) || die "no OVMF firmware (apt install ovmf)"
        args+=(-machine q35 -m "${mem:-768}")
        ;;
      uefi-sb)
        code=$(first_of /usr/share/OVMF/OVMF_CODE_4M.ms.fd) || die "no OVMF firmware with Microsoft's keys (apt install ovmf)"
        args+=(-machine "q35,smm=on" -global "driver=cfi.pflash01,property=secure,value=on" -m "${mem:-1024}")
        ;;
      uefi-arm64*)
        # The code is one; the variables that go with this name have the keys.
        code=/usr/share/AAVMF/AAVMF_CODE.fd
        [ "$firmware" = uefi-arm64 ] || code=/usr/share/AAVMF/AAVMF_CODE.ms.fd
        [ -e "$code" ] || die "no AAVMF firmware (apt install qemu-efi-aarch64)"
        args+=(-machine virt -cpu cortex-a57 -m "${mem:-1024}")
        ;;
    esac
    vars=$(first_of "${OVMF_VARS:-/nonexistent}" "${code/CODE/VARS}") || die "no OVMF variables"
    cp "$vars" "$work/vars.fd"
    args+=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code"
      -drive "if=pflash,format=raw,unit=1,file=$work/vars.fd")
    # OVMF (2022 and later) can be told what not to try.
    case $netboot in
      any) ;;
      pxe) args+=(-fw_cfg "name=opt/org.tianocore/IPv6PXESupport,string=n") ;;
      http | http6)
        args+=(-fw_cfg "name=opt/org.tianocore/IPv4PXESupport,string=n"
          -fw_cfg "name=opt/org.tianocore/IPv6PXESupport,string=n")
        ;;
      pxe6) args+=(-fw_cfg "name=opt/org.tianocore/IPv4PXESupport,string=n") ;;
      *) die "--netboot is pxe, http, pxe6, http6 or any" ;;
    esac
    ;;
  *) die "--firmware is bios, uefi, uefi-sb, uefi-arm64 or uefi-arm64-sb" ;;
esac
[ -z "$uuid" ] || args+=(-uuid "$uuid")

monitor=/dev/null
if [ -n "$unplugged" ]; then
  [ -z "$interactive" ] || die "--unplugged does not go with --interactive"
  # Only QEMU's monitor pulls a cable, so the machine waits for that before it starts.
  args+=(-netdev "user,id=loose,restrict=on" -device "$nic,netdev=loose,mac=$unplugged,romfile=" -S -monitor stdio)
  monitor=$work/monitor
  printf 'set_link loose off\ncont\n' >"$monitor"
elif [ -z "$interactive" ]; then
  args+=(-monitor none)
fi

device="$nic,netdev=net0,mac=$mac"
case $rom in
  '') ;;
  none) device+=,romfile= ;;
  *) device+=",romfile=$rom" ;;
esac
if [ -n "$tap" ]; then
  # QEMU would make a missing tap itself, outside of any bridge.
  ip ${netns:+-n "$netns"} link show dev "$tap" >/dev/null 2>&1 || die "no tap device $tap"
  netdev="tap,id=net0,ifname=$tap,script=no,downscript=no"
elif [ -n "$tftp" ]; then
  netdev="user,id=net0,tftp=$tftp,bootfile=$bootfile"
elif [ -n "$url" ]; then
  # In a QEMU option string a comma is written twice.
  netdev="user,id=net0,bootfile=${url//,/,,}"
else
  netdev="user,id=net0"
fi
if [ -n "$kernel" ]; then
  args+=(-kernel "$kernel")
  [ -z "$initrd" ] || args+=(-initrd "$initrd")
  [ -z "$append" ] || args+=(-append "$append")
else
  # Network or nothing: no pointless tries at floppy, CD and disk.
  device+=,bootindex=1
  args+=(-boot strict=on)
fi
args+=(-netdev "$netdev" -device "$device")
[ -z "$disk" ] || args+=(-drive "if=virtio,format=raw,snapshot=on,file=$disk")
[ -z "$pcap" ] || args+=(-object "filter-dump,id=dump0,netdev=net0,file=$pcap")
args+=(-device virtio-rng-pci "${extra[@]}")

run=("$qemu" "${args[@]}")
[ -z "$netns" ] || run=(ip netns exec "$netns" "${run[@]}")
if [ -n "$interactive" ]; then
  # Not exec: the EXIT trap removes the VM's variable store.
  "${run[@]}"
  exit
fi
start=$EPOCHREALTIME
"${run[@]}" <"$monitor" >"$work/qemu.out" 2>&1 &
pid=$!

elapsed() { awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
# Firmware and iPXE colour their output: compare without escape sequences and CRs.
console() { sed -e 's/\x1b\[[0-9;?=]*[A-Za-z]//g' -e 's/\r//g' -e 's/\x1bc//g' "$log"; }
finish() { # status message
  stop
  echo "bootvm: $name: $2 after $(elapsed) s (log $log)"
  [ "$1" -eq 0 ] || console | tail -n 15 | sed 's/^/  | /' >&2
  exit "$1"
}

deadline=$((SECONDS + timeout))
while :; do
  alive=1
  kill -0 "$pid" 2>/dev/null || alive=''
  text=$(console | tr -d '\000')
  if grep -qaE -- "$expect" <<<"$text"; then
    if [ -n "$keep" ] && [ -n "$alive" ] && [ $SECONDS -lt $deadline ]; then sleep 0.2; continue; fi
    finish 0 "ok"
  fi
  if grep -qaE -- "$fail" <<<"$text"; then
    finish 1 "failed: $(grep -aEm1 -- "$fail" <<<"$text")"
  fi
  if [ -z "$alive" ]; then
    if [ -s "$log" ]; then finish 1 "ended without success"; fi
    cat "$work/qemu.out" >&2
    finish 3 "QEMU did not start"
  fi
  [ $SECONDS -lt $deadline ] || finish 124 "timeout"
  sleep 0.2
done
