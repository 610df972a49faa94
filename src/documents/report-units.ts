import { reportCommand } from './report-command.ts';
import { unitCommand } from './shell-words.ts';

export const PHONE_HOME_UNIT = 'pilotlight-phone-home.service';
export const INSTALLED_UNIT = 'pilotlight-installed.service';

/** Says `url` until the server has heard it; the machine shows on its console when it has not. */
export function reportLoop(url: string): string {
  return reportCommand('curl', url, { pause: 5, aloud: true });
}

/**
 * Tells us that the machine is up, at every boot, until it is heard, for a day. Not a oneshot: the boot would wait for it.
 */
export function phoneHomeUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is up
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${unitCommand(reportCommand('curl', url, { pause: 10, aloud: false }))}

[Install]
WantedBy=multi-user.target
`;
}

/**
 * Tells us that coreos-installer is done, before it reboots. This is where coreos-installer puts its own post-install
 * hooks (`pxe customize --post-install`: After=coreos-installer.service, Before= and RequiredBy=coreos-installer.target;
 * documented in its customizing-install.md for hooks by ignition.config.url as well). Two things are added to that:
 * Requires=, because After= alone also holds after a failed installation; and the reboot by name, because in its first
 * versions coreos-installer-reboot.service waited for coreos-installer.service only and not for the target.
 * It reports for a day: a machine that rebooted unheard would be installed again. Then it fails, and nothing reboots.
 */
export function installedUnit(url: string): string {
  return `[Unit]
Description=Tell Pilotlight that this machine is installed
Requires=coreos-installer.service
After=coreos-installer.service
Before=coreos-installer.target coreos-installer-reboot.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${unitCommand(reportLoop(url))}
StandardOutput=kmsg+console
StandardError=kmsg+console

[Install]
RequiredBy=coreos-installer.target
`;
}
