#!/bin/sh
set -e
[ "$1" = configure ] || exit 0

data=/var/lib/pilotlight
getent passwd pilotlight >/dev/null || useradd --system --user-group --home-dir "$data" --no-create-home \
  --shell /usr/sbin/nologin pilotlight

# Only what is missing: whose files lie there is the operator's choice.
for folder in "$data" "$data/profiles" "$data/configs" "$data/sshkeys" "$data/images"; do
  [ -e "$folder" ] || install -d -o pilotlight -g pilotlight -m 0755 "$folder"
done
# It may hold the operators' token.
chown root:pilotlight /etc/default/pilotlight
chmod 0640 /etc/default/pilotlight

if [ -x /usr/bin/deb-systemd-helper ]; then
  deb-systemd-helper unmask pilotlight.service >/dev/null || true
  if deb-systemd-helper --quiet was-enabled pilotlight.service; then
    deb-systemd-helper enable pilotlight.service >/dev/null || true
  else
    deb-systemd-helper update-state pilotlight.service >/dev/null || true
  fi
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  # $2: the version before; then what runs is replaced by what was installed.
  deb-systemd-invoke "$([ -n "$2" ] && echo restart || echo start)" pilotlight.service >/dev/null || true
fi
