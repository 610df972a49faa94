#!/usr/bin/env bash
# other-ipxe.sh - the iPXE of another Debian release than this host's, for machines of a lab.
#
# usage: other-ipxe.sh RELEASE DIR [LEAST]     for example: other-ipxe.sh forky DIR 2.0
#
# Fetches RELEASE's package "ipxe" (amd64) from the archive that this host's apt uses, and puts its
# boot programs into DIR: undionly.kpxe, snponly.efi, ipxe.efi ... and a file VERSION. No version is
# asked for: the archive keeps only a release's newest. An older one than LEAST is an error.
# Downloads 10 MB of lists and 6 MB of package (see other-packages.sh).
set -euo pipefail

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
die() { echo "other-ipxe: $*" >&2; exit 1; }
[ $# -ge 2 ] || usage
release=$1 least=${3:-0}
[[ $release =~ ^[a-z]+$ ]] || die "RELEASE is a code name such as trixie"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
unpacked=$out/.unpacked
trap 'rm -rf "$unpacked"' EXIT
"$here/other-packages.sh" "$release" amd64 "$unpacked" ipxe
version=$(awk '$1 == "ipxe" { print $2 }' "$unpacked/VERSIONS")
dpkg --compare-versions "$version" ge "$least" || die "ipxe of $release is $version, older than $least"
# Links lead to the same programs under other names: files, so that a folder that follows no links serves them.
cp -rL "$unpacked/usr/lib/ipxe/." "$out" 2>/dev/null || true
[ -s "$out/snponly.efi" ] || die "ipxe $version of $release has no snponly.efi"
# Debian keeps ipxe.efi in /boot, or links it there.
for name in ipxe.efi ipxe-amd64.efi; do
  [ -s "$out/ipxe.efi" ] || [ ! -s "$unpacked/boot/$name" ] || cp "$unpacked/boot/$name" "$out/ipxe.efi"
  [ -s "$out/ipxe.efi" ] || [ ! -s "$out/$name" ] || cp "$out/$name" "$out/ipxe.efi"
done
[ -s "$out/ipxe.efi" ] || die "ipxe $version of $release has no ipxe.efi"
rm -f "$out"/*.iso
echo "$version" >"$out/VERSION"
echo "other-ipxe: $out: ipxe $version of $release"
