#!/usr/bin/env bash
# other-packages.sh - packages of another Debian release than this host's, unpacked, for machines of a lab.
#
# usage: other-packages.sh RELEASE ARCH DIR PACKAGE...     for example: other-packages.sh trixie amd64 DIR shim-signed
#
# Fetches the packages from the archive that this host's apt uses and unpacks them into DIR, without what they depend on;
# DIR/VERSIONS has a line "PACKAGE VERSION" for each. No version is asked for: the archive keeps only a release's newest.
# apt works with lists and a cache of its own below DIR/.apt: nothing of the host's is touched, and the packages are
# checked with Debian's own keyring. Downloads 10 MB of lists besides the packages.
set -euo pipefail

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
die() { echo "other-packages: $*" >&2; exit 1; }
[ $# -ge 4 ] || usage
release=$1 arch=$2 out=$3
shift 3
[[ $release =~ ^[a-z]+$ ]] || die "RELEASE is a code name such as trixie"
[[ $arch =~ ^(amd64|arm64)$ ]] || die "ARCH is amd64 or arm64"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || die "no $keys (apt install debian-archive-keyring)"

# A mirror near by, where the host has one; Debian's own address else.
# shellcheck disable=SC2016 # for apt to expand
site=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
mkdir -p "$out"
out=$(cd "$out" && pwd)
apt=$out/.apt
mkdir -p "$apt"/{lists/partial,cache/archives/partial}
trap 'rm -rf "$apt"' EXIT
echo "deb [arch=$arch signed-by=$keys] ${site:-http://deb.debian.org/debian} $release main" >"$apt/sources.list"

# own TOOL ARGS...: apt-get or apt-cache with this release's lists alone.
own() {
  local tool=$1
  shift
  timeout 600 "$tool" -qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o "Dir::State::Lists=$apt/lists" -o Dir::State::status=/dev/null -o "Dir::Cache=$apt/cache" \
    -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
    -o Acquire::Retries=3 "$@"
}
own apt-get update >&2 || die "cannot fetch the package lists of $release"
for package; do
  # A meta package of the kernel only names the versioned one.
  real=$(own apt-cache depends "$package" | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  real=${real:-$package}
  (cd "$apt" && own apt-get download "$real" >&2) || die "cannot download $real of $release"
  deb=$(find "$apt" -maxdepth 1 -name "${real}_*.deb" | head -n 1)
  [ -n "$deb" ] || die "apt knows no package $real of $release"
  dpkg-deb -x "$deb" "$out"
  echo "$real $(dpkg-deb -f "$deb" Version)" >>"$out/VERSIONS"
done
