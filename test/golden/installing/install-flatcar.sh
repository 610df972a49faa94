#!/bin/sh
# Flatcar Container Linux 4593.2.5 to /dev/disk/by-id/nvme-X_1.2:3+4, once. Made by Pilotlight.
set -eu
umask 077
cd "$(mktemp -d)"

fetch() {
  tries=60
  until curl -fsS -m 60 -o "$1" "$2"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ]
    sleep 5
  done
}

fetch config.ign 'http://10.0.2.2:4777/configs/w.ign?mac=52-54-00-55-1c-ee&serial=a%2Fb'
udevadm settle || true
flatcar-install -d /dev/disk/by-id/nvme-X_1.2:3+4 -V 4593.2.5 -C lts-2024 -b http://10.0.2.2:4777/images/flatcar/amd64 -i config.ign
echo 'Flatcar Container Linux 4593.2.5 is on /dev/disk/by-id/nvme-X_1.2:3+4.'
( n=0; until curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-urlencode "hostname=$(uname -n)" 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb' | grep -q ^2; do n=$((n + 1)); [ "$n" -lt 17280 ] || exit 1; echo 'Pilotlight does not hear the report, trying again'; sleep 5; done )
systemctl --no-block reboot
