import { readPreseed, type PreseedAnswer } from './preseed-lines.ts';
import { reportCommand } from './report-command.ts';

export interface PreseedInstall {
  readonly disk: string;
  /** A POST there says that the disk is written. */
  readonly report: string;
}

/** Why a preseed cannot be told to report: for people. */
export const UNREADABLE_LATE_COMMAND = 'preseed/late_command has a comment in it: nothing can follow it';

/**
 * The operator's preseed, with what makes it install to this disk, report and reboot. What he answered himself stays as
 * it is; only his late_command is put into brackets and gets a tail: it reports when his part has worked, because a
 * failing late_command stops the installer with a message, and must go on doing so.
 *
 * The netboot installer of Debian 12 has GNU wget (1.21.3) for that; the one of its busybox knows no POST. The command
 * runs before the network is taken down (finish-install.d: 07preseed, 97release-dhcp-lease).
 */
export function installPreseed(text: string, { disk, report }: PreseedInstall): string {
  const { answers, open } = readPreseed(text);
  // Half a line at the end is dropped by the installer; it would swallow ours.
  if (open) return text;
  const late = answers.findLast((answer) => answer.question === 'preseed/late_command');
  const command = reportCommand('wget', report, { pause: 5, aloud: true });
  const added: string[] = [];
  const has = (question: string): boolean => answers.some((answer) => answer.question === question);
  if (!has('partman-auto/disk')) added.push(`d-i partman-auto/disk string ${disk}`);
  if (late === undefined) added.push(`d-i preseed/late_command string ${command}`);
  // The last question of all ("Installation complete") is asked at any priority.
  if (!has('finish-install/reboot_in_progress')) added.push('d-i finish-install/reboot_in_progress note');
  const told = late === undefined || hasComment(late.value) ? text : withTail(text, late, command);
  if (added.length === 0) return told;
  return `${told}${told === '' || told.endsWith('\n') ? '' : '\n'}# Added by Pilotlight, because the profile installs:\n${added.join('\n')}\n`;
}

function withTail(text: string, late: PreseedAnswer, command: string): string {
  const before = text.slice(0, late.start);
  if (late.value === '') return `${before} ${command}${text.slice(late.end)}`;
  return `${before}( ${text.slice(late.start, late.end)} ) && ${command}${text.slice(late.end)}`;
}

/** A comment of the shell: a `#` that begins a word. In quotes it is none, and then we are too careful. */
export function hasComment(command: string): boolean {
  return /(?:^|[\s;&|()])#/.test(command);
}
