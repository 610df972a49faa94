import type { Origin } from '../model/origin.ts';
import { Failure } from '../model/failure.ts';
import { artifactUrl, type Plan } from '../model/plan.ts';

/**
 * A configuration for lpxelinux (SYSLINUX 5 and later, the build that speaks HTTP). Its APPEND takes the rest of the
 * line as it is; several initramfs images are one comma-separated list.
 */
export function pxelinuxConfig(plan: Plan, origin: Origin, title: string): string {
  refuseNames(plan, 'pxelinux');
  const initrds = plan.initrds.map((artifact) => artifactUrl(artifact, origin));
  return [
    'DEFAULT pilotlight',
    'PROMPT 0',
    'LABEL pilotlight',
    `  MENU LABEL ${title}`,
    `  KERNEL ${artifactUrl(plan.kernel, origin)}`,
    ...(initrds.length === 0 ? [] : [`  INITRD ${initrds.join(',')}`]),
    ...(plan.args.length === 0 ? [] : [`  APPEND ${plan.args.join(' ')}`]),
    '',
  ].join('\n');
}

/** wimboot without the names of its files starts and finds nothing. Throws Failure `refused`. */
export function refuseNames({ initrds }: Plan, client: string): void {
  const named = initrds.find(({ name }) => name !== undefined);
  if (named === undefined) return;
  throw new Failure('refused', `${client} cannot hand over a file by its name (${named.name ?? ''})`, {
    remedy: 'let the machine boot through iPXE',
  });
}
