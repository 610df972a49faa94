import { reportLoop } from './report-units.ts';
import { shellWord } from './shell-words.ts';

/** One installation of Container Linux to a disk. */
export interface InstallJob {
  readonly system: 'coreos' | 'flatcar';
  /** For people: `Flatcar Container Linux 4593.2.5`. */
  readonly title: string;
  readonly version: string;
  readonly channel: string;
  readonly disk: string;
  /** What lies there: VERSION/flatcar_production_image.bin.bz2 and its signature. */
  readonly mirror: string;
  /** The installed system's own configuration. */
  readonly documents: { readonly ignition?: string; readonly cloud_config?: string };
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/**
 * The script that installs, reports and reboots. `coreos-install` and `flatcar-install` are in the live image; they fetch
 * from `-b`, check the image's signature with the key that is built into them, and wipe the disk again when it is wrong.
 * Whatever fails ends the script: the machine stays as it is, shows why, and reports nothing. The options are those of
 * 2017's coreos-install as well (`-i` is from December 2015).
 */
export function installScript(job: InstallJob): string {
  const { ignition, cloud_config } = job.documents;
  const words = [
    job.system === 'flatcar' ? 'flatcar-install' : 'coreos-install',
    ...['-d', job.disk, '-V', job.version, '-C', job.channel, '-b', job.mirror],
    ...(ignition === undefined ? [] : ['-i', 'config.ign']),
    ...(cloud_config === undefined ? [] : ['-c', 'cloud-config.yml']),
  ];
  return `#!/bin/sh
# ${job.title} to ${job.disk}, once. Made by Pilotlight.
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

${ignition === undefined ? '' : `fetch config.ign ${shellWord(ignition)}\n`}${
    cloud_config === undefined ? '' : `fetch cloud-config.yml ${shellWord(cloud_config)}\n`
  }udevadm settle || true
${words.map(shellWord).join(' ')}
echo ${shellWord(`${job.title} is on ${job.disk}.`)}
${reportLoop(job.report)}
systemctl --no-block reboot
`;
}
