#!/bin/sh
# Flatcar Container Linux 4593.2.5 to /dev/sda, once. Made by Pilotlight.
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

fetch config.ign 'http://10.0.2.2:4777/configs/w.ign?mac=52-54-00-00-00-09&serial=sn%2F7'
fetch cloud-config.yml 'http://10.0.2.2:4777/configs/a.yml?mac=52-54-00-00-00-09&serial=sn%2F7'
udevadm settle || true
flatcar-install -d /dev/sda -V 4593.2.5 -C lts -b http://10.0.2.2:4777/images/flatcar/arm64 -i config.ign -c cloud-config.yml
echo 'Flatcar Container Linux 4593.2.5 is on /dev/sda.'
( n=0; until curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-urlencode "hostname=$(uname -n)" 'http://10.0.2.2:4777/installed/52-54-00-00-00-09?serial=sn%2F7' | grep -q ^2; do n=$((n + 1)); [ "$n" -lt 17280 ] || exit 1; echo 'Pilotlight does not hear the report, trying again'; sleep 5; done )
systemctl --no-block reboot
