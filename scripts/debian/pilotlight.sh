#!/bin/sh
# Installed as /usr/bin/pilotlight: Pilotlight on the Node that the package brings, with the settings of the service
# unless the environment has its own. The file is read, not run: a schedule such as 17 4 * * * needs no quotes.
defaults=/etc/default/pilotlight
if [ -r "$defaults" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      PILOTLIGHT_*=*) ;;
      *) continue ;;
    esac
    name=${line%%=*} value=${line#*=}
    case $name in *[!A-Z0-9_]*) continue ;; esac
    case $value in
      \"*\") value=${value#\"} value=${value%\"} ;;
      \'*\') value=${value#\'} value=${value%\'} ;;
    esac
    printenv "$name" >/dev/null || export "$name=$value"
  done <"$defaults"
fi
: "${PILOTLIGHT_DATA_DIR:=/var/lib/pilotlight}"
export PILOTLIGHT_DATA_DIR
exec /usr/lib/pilotlight/bin/node /usr/lib/pilotlight/dist/main.js "$@"
