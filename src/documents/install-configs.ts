import { stringify } from 'yaml';
import { installScript, type InstallJob } from './install-script.ts';
import { INSTALLED_UNIT, installedUnit } from './report-units.ts';

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
          systemd: { units: [{ name: UNIT, enabled: true, contents }] },
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
export function reportIgnition(report: string): string {
  return jsonText({
    ignition: { version: '3.0.0' },
    systemd: { units: [{ name: INSTALLED_UNIT, enabled: true, contents: installedUnit(report) }] },
  });
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
