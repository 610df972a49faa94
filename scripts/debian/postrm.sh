#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl --system daemon-reload >/dev/null || true
if [ -x /usr/bin/deb-systemd-helper ]; then
  [ "$1" != remove ] || deb-systemd-helper mask pilotlight.service >/dev/null || true
  [ "$1" != purge ] || { deb-systemd-helper purge pilotlight.service && deb-systemd-helper unmask pilotlight.service; } >/dev/null || true
fi
if [ "$1" = purge ]; then
  # The profiles are the operator's work, and state/ knows which disks must not be erased: neither goes with a package.
  data=/var/lib/pilotlight
  for folder in profiles configs sshkeys images; do rmdir "$data/$folder" 2>/dev/null || true; done
  rm -rf /var/cache/pilotlight
  rmdir "$data" 2>/dev/null || true
  [ ! -e "$data" ] || echo "pilotlight: $data is left; delete it when you need no profile, image or state of it any more"
fi
