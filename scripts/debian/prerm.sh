#!/bin/sh
set -e
# An upgrade restarts it when the new files are there: machines are served in between.
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop pilotlight.service >/dev/null || true
fi
