#!/usr/bin/env bash
# mkdisk.sh - build the bootable disk that the installer of the boot tests writes.
#
# usage: mkdisk.sh PAYLOAD_DIR OUT_FILE
#
# PAYLOAD_DIR is mkpayload.sh's. OUT_FILE becomes a gzipped raw disk of 64 MiB that boots on BIOS (GRUB in the gap
# behind the boot record) and on UEFI (EFI/BOOT/BOOTX64.EFI): GRUB says "GRUB from the disk" on the serial console and
# starts the payload with `e2e.from=disk e2e.dhcp=off`.
#
# Needs grub-common, grub-pc-bin, grub-efi-amd64-bin, mtools, dosfstools. No root, no mounts.
set -euo pipefail

[ $# -eq 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
payload=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin

mib=64 start=2048 # sectors: GRUB's core image lies between the boot record and the partition
modules=(part_msdos fat normal linux echo serial terminal search search_fs_file boot)
cat >"$work/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
echo "GRUB from the disk"
search --no-floppy --file --set=root /vmlinuz
linux /vmlinuz console=ttyS0 e2e.from=disk e2e.dhcp=off
initrd /initramfs.gz
boot
CFG
grub-mkimage -O i386-pc -o "$work/core.img" -p '' -c "$work/grub.cfg" "${modules[@]}" biosdisk
grub-mkimage -O x86_64-efi -o "$work/bootx64.efi" -p '' -c "$work/grub.cfg" "${modules[@]}"
[ "$(stat -c %s "$work/core.img")" -lt $(((start - 1) * 512)) ] || { echo "mkdisk: core image too large" >&2; exit 1; }

# The partition: FAT with both ways to boot.
truncate -s $((mib * 1024 * 1024 - start * 512)) "$work/part"
mkfs.fat -n PAYLOAD -i 2B67F5C3 "$work/part" >/dev/null
export MTOOLS_SKIP_CHECK=1
mmd -i "$work/part" ::/EFI ::/EFI/BOOT
mcopy -i "$work/part" "$work/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/part" "$payload/vmlinuz" ::/vmlinuz
mcopy -i "$work/part" "$payload/initramfs.cpio.gz" ::/initramfs.gz

truncate -s ${mib}M "$work/disk"
# The boot record with one partition, EFI system (0xEF) and active. GRUB's own code loads the core image from sector 1:
# both of its pointers (boot.img 0x5C, core.img's block list) say so already.
dd if=/usr/lib/grub/i386-pc/boot.img of="$work/disk" bs=446 count=1 conv=notrunc status=none
sectors=$((mib * 2048 - start))
bytes() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $((($1 >> 8) & 255)) $((($1 >> 16) & 255)) $((($1 >> 24) & 255)); }
# shellcheck disable=SC2059 # the format is the bytes
printf "\\x80\\xfe\\xff\\xff\\xef\\xfe\\xff\\xff$(bytes $start)$(bytes $sectors)" \
  | dd of="$work/disk" bs=1 seek=446 conv=notrunc status=none
printf '\x55\xaa' | dd of="$work/disk" bs=1 seek=510 conv=notrunc status=none
dd if="$work/core.img" of="$work/disk" bs=512 seek=1 conv=notrunc status=none
dd if="$work/part" of="$work/disk" bs=512 seek=$start conv=notrunc,sparse status=none
gzip -n -1 <"$work/disk" >"$work/disk.gz"
mv "$work/disk.gz" "$out"
echo "mkdisk: $out: $(stat -c %s "$out") B"
