import { stringify } from 'yaml';
import { addToYaml } from '../text/yaml-edit.ts';
import { firstLine } from './cloud-config.ts';
import type { LogTarget } from '../model/plan.ts';
import {
  INSTALLED_UNIT,
  installedUnit,
  LOG_UNIT,
  logCommand,
  logUnit,
  reportCommand,
  reportLoop,
  shellWord,
} from './units.ts';

const SCRIPT = '/opt/pilotlight/install';
const UNIT = 'pilotlight-install.service';

/** Runs the script when the network is there. Not a oneshot: coreos-cloudinit and the boot would wait for it. */
function installUnit(job: InstallJob): string {
  return `[Unit]
Description=Install ${job.title} to ${job.disk}
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/bin/sh ${SCRIPT}
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The live system's Ignition: spec 2.0.0 for Container Linux, whose every Ignition reads it, 3.0.0 for Flatcar.
 * It holds nothing of the operator's own document: that is for the disk.
 */
export function installIgnition(job: InstallJob): string {
  const source = `data:,${encodeURIComponent(installScript(job))}`;
  const contents = installUnit(job);
  return jsonText(
    job.system === 'coreos'
      ? {
          ignition: { version: '2.0.0' },
          storage: { files: [{ filesystem: 'root', path: SCRIPT, mode: 0o700, contents: { source } }] },
          systemd: { units: [{ name: UNIT, enable: true, contents }] },
        }
      : {
          ignition: { version: '3.0.0' },
          storage: { files: [{ path: SCRIPT, mode: 0o700, contents: { source } }] },
          systemd: { units: [{ name: UNIT, enabled: true, contents }, ...logUnits(job.logTo)] },
        },
  );
}

/** The same for coreos-cloudinit. */
export function installCloudConfig(job: InstallJob): string {
  const config = {
    write_files: [{ path: SCRIPT, permissions: '0700', content: installScript(job) }],
    coreos: { units: [{ name: UNIT, command: 'start', content: installUnit(job) }] },
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

/** For Fedora CoreOS, whose live image installs by itself: only the report is added. */
export function reportIgnition(report: string, logTo?: LogTarget): string {
  return jsonText({
    ignition: { version: '3.0.0' },
    systemd: {
      units: [{ name: INSTALLED_UNIT, enabled: true, contents: installedUnit(report) }, ...logUnits(logTo)],
    },
  });
}

function logUnits(logTo: LogTarget | undefined): readonly object[] {
  return logTo === undefined ? [] : [{ name: LOG_UNIT, enabled: true, contents: logUnit(logTo) }];
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

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
  /** Where the live system's log shall go, if anywhere. */
  readonly logTo?: LogTarget | undefined;
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

interface AutoinstallInstall {
  readonly disk: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/**
 * The operator's user-data for Ubuntu's installer, with what makes it install to this disk and report. Undefined when
 * there is no `autoinstall` map to add to. His `storage` stays as it is.
 *
 * late-commands run in the installer's own system, which has curl; one that fails stops the installation, so that a
 * machine whose report did not arrive does not come back to be installed again.
 */
export function installAutoinstall(text: string, { disk, report }: AutoinstallInstall): string | undefined {
  if (firstLine(text) !== '#cloud-config' || !/^["']?autoinstall["']?[ \t]*:/m.test(text)) return undefined;
  const command = reportCommand('curl', report, { pause: 5, aloud: true });
  const storage = { layout: { name: 'direct', match: { path: disk } } };
  const matched = addToYaml(text, { path: ['autoinstall', 'storage'], value: storage, how: 'set' });
  if (matched === undefined) return undefined;
  return addToYaml(matched, { path: ['autoinstall', 'late-commands'], value: command, how: 'append' });
}

/**
 * The same user-data with an early-command that sends the installer's log: `reporting` knows no syslog (subiquity's
 * handlers are curtin's). The installer's system has systemd and bash; a log that cannot be sent is no reason to stop.
 */
export function logAutoinstall(text: string, target: LogTarget): string | undefined {
  if (firstLine(text) !== '#cloud-config' || !/^["']?autoinstall["']?[ \t]*:/m.test(text)) return undefined;
  const words = ['systemd-run', '--unit=pilotlight-log', '/bin/bash', '-c', logCommand(target)];
  const value = `${words.map(shellWord).join(' ')} || true`;
  return addToYaml(text, { path: ['autoinstall', 'early-commands'], value, how: 'append' });
}
