#!/bin/sh
# CoreOS Container Linux 1298.6.0 to /dev/sda, once. Made by Pilotlight.
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

fetch cloud-config.yml 'http://10.0.2.2:4777/configs/b.yml?mac=52-54-00-55-1c-ee'
udevadm settle || true
coreos-install -d /dev/sda -V 1298.6.0 -C stable -b http://10.0.2.2:4777/images/amd64-usr -c cloud-config.yml
echo 'CoreOS Container Linux 1298.6.0 is on /dev/sda.'
( n=0; until curl -sS -m 30 -o /dev/null -w '%{http_code}' --data-urlencode "hostname=$(uname -n)" 'http://10.0.2.2:4777/installed/52-54-00-55-1c-ee?serial=a%2Fb' | grep -q ^2; do n=$((n + 1)); [ "$n" -lt 17280 ] || exit 1; echo 'Pilotlight does not hear the report, trying again'; sleep 5; done )
systemctl --no-block reboot
