import { Failure } from '../model/failure.ts';
import { parseMac } from '../model/mac.ts';
import { programNamed } from '../images/programs.ts';
import { grubScript } from '../ipxe/other-loaders.ts';
import { pxelinuxConfig } from '../ipxe/pxelinux-config.ts';
import { startScript } from '../ipxe/start-script.ts';
import { systemOf } from '../os/systems.ts';
import type { BootFile, BootFileQuestion, Question } from './boot-service.ts';
import { whoIs } from './reasons.ts';
import type { ScriptDesk } from './scripts.ts';

const START_NAMES = /(?:^|\/)(?:autoexec|boot)\.ipxe(?:\.0)?$/;
// pxelinux.cfg/01-MAC (01 is Ethernet's ARP type), GRUB's grub.cfg-01-MAC, each in any folder.
const PER_MAC = /(?:^|\/)(pxelinux\.cfg\/|grub\.cfg-)01-([0-9a-fA-F]{2}(?:[-:][0-9a-fA-F]{2}){5})$/;

/** Undefined: no such file, or nothing to say to this machine. */
export async function bootFile(question: BootFileQuestion, scripts: ScriptDesk): Promise<BootFile | undefined> {
  const { name, origin, loops, asker } = question;
  if (START_NAMES.test(name))
    return { kind: 'text', text: startScript(origin), because: 'the start script by its name' };
  const program = programNamed(name);
  if (program !== undefined) {
    if (!loops) return { kind: 'program', program };
    const because = `iPXE asks for ${program.name}, which it already is: it gets the start script`;
    return { kind: 'text', text: startScript(origin), because };
  }
  if (name.startsWith('images/')) return { kind: 'image', path: name.slice('images/'.length) };
  const perMac = PER_MAC.exec(name);
  const mac = perMac?.[2] === undefined ? undefined : parseMac(perMac[2].replaceAll(':', '-'));
  return mac === undefined
    ? undefined
    : await machineFile(
        perMac?.[1] === 'pxelinux.cfg/',
        { facts: { mac }, origin, ...(asker === undefined ? {} : { asker }) },
        scripts,
      );
}

/** A boot loader cannot be told anything on its screen: what cannot boot is a file that is not there. */
async function machineFile(pxelinux: boolean, question: Question, scripts: ScriptDesk): Promise<BootFile | undefined> {
  try {
    const { origin } = question;
    const { plan, match } = await scripts.bootable(question);
    const title = `${systemOf(match.profile.system).title} (${match.profile.name})`;
    const text = pxelinux ? pxelinuxConfig(plan, origin, title) : grubScript(plan, origin, title);
    return { kind: 'text', text, because: `${whoIs(question.facts)} boots ${match.profile.file}` };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
