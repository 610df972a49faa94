#!/usr/bin/env bash
# other-ipxe.sh - the iPXE of another Debian release than this host's, for machines of a lab.
#
# usage: other-ipxe.sh RELEASE DIR [LEAST]     for example: other-ipxe.sh forky DIR 2.0
#
# Fetches RELEASE's package "ipxe" (amd64) from the archive that this host's apt uses, and puts its
# boot programs into DIR: undionly.kpxe, snponly.efi, ipxe.efi ... and a file VERSION. No version is
# asked for: the archive keeps only a release's newest. An older one than LEAST is an error.
# apt works with lists and a cache of its own below DIR/.apt: nothing of the host's is touched, and
# the packages are checked with Debian's own keyring. Downloads 10 MB of lists and 6 MB of package.
set -euo pipefail

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
die() { echo "other-ipxe: $*" >&2; exit 1; }
[ $# -ge 2 ] || usage
release=$1 least=${3:-0}
[[ $release =~ ^[a-z]+$ ]] || die "RELEASE is a code name such as trixie"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || die "no $keys (apt install debian-archive-keyring)"

# A mirror near by, where the host has one; Debian's own address else.
# shellcheck disable=SC2016 # for apt to expand
site=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
mkdir -p "$2"
out=$(cd "$2" && pwd)
apt=$out/.apt
mkdir -p "$apt"/{lists/partial,cache/archives/partial,unpacked}
trap 'rm -rf "$apt"' EXIT
echo "deb [arch=amd64 signed-by=$keys] ${site:-http://deb.debian.org/debian} $release main" >"$apt/sources.list"

# own TOOL ARGS...: apt-get or apt-cache with this release's lists alone.
own() {
  local tool=$1
  shift
  timeout 600 "$tool" -qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o "Dir::State::Lists=$apt/lists" -o Dir::State::status=/dev/null -o "Dir::Cache=$apt/cache" \
    -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
    -o Acquire::Retries=3 "$@"
}
own apt-get update >&2 || die "cannot fetch the package lists of $release"
(cd "$apt" && own apt-get download ipxe >&2) || die "cannot download ipxe of $release"
deb=$(find "$apt" -maxdepth 1 -name 'ipxe_*.deb' | head -n 1)
[ -n "$deb" ] || die "apt knows no package ipxe of $release"
version=$(dpkg-deb -f "$deb" Version)
dpkg --compare-versions "$version" ge "$least" || die "ipxe of $release is $version, older than $least"
dpkg-deb -x "$deb" "$apt/unpacked"
# Links lead to the same programs under other names: files, so that a folder that follows no links serves them.
cp -rL "$apt/unpacked/usr/lib/ipxe/." "$out" 2>/dev/null || true
[ -s "$out/snponly.efi" ] || die "ipxe $version of $release has no snponly.efi"
# Debian keeps ipxe.efi in /boot, or links it there.
for name in ipxe.efi ipxe-amd64.efi; do
  [ -s "$out/ipxe.efi" ] || [ ! -s "$apt/unpacked/boot/$name" ] || cp "$apt/unpacked/boot/$name" "$out/ipxe.efi"
  [ -s "$out/ipxe.efi" ] || [ ! -s "$out/$name" ] || cp "$out/$name" "$out/ipxe.efi"
done
[ -s "$out/ipxe.efi" ] || die "ipxe $version of $release has no ipxe.efi"
rm -f "$out"/*.iso
echo "$version" >"$out/VERSION"
echo "other-ipxe: $out: ipxe $version of $release"
