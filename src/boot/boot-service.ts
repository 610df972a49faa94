import type { Failure } from '../model/failure.ts';
import type { Mac, MachineArch, MachineFacts } from '../model/machine.ts';
import type { Decision, Origin, Plan, Question } from '../model/plan.ts';
import type { DocumentKind, Name } from '../model/profile.ts';

/** An iPXE script: begins with `#!ipxe` at byte 0, always sent with 200. */
export interface ScriptAnswer {
  readonly script: string;
  readonly decision: Decision;
  /** What it says on the screen of a machine that waits: for boot loaders that read no iPXE script. */
  readonly screen?: readonly string[];
  /** The one address that may get the same again without being asked who it is: the script holds its token. */
  readonly only?: string;
}

export interface DocumentAnswer {
  readonly body: Buffer;
  /** The same as it may be kept and shown: without secrets. Absent where there is none in it. */
  readonly shown?: () => Buffer;
  readonly contentType: string;
  /** `configs/a.yml.hbs`: where it came from. */
  readonly source: string;
  readonly decision: Decision;
  /** It is the machine's alone: nothing on its way may keep it. */
  readonly secret?: boolean;
}

export type NocloudFile = 'user-data' | 'meta-data' | 'vendor-data' | 'network-config';

/**
 * The only place where a question becomes an answer. Every method throws Failure for what is not there
 * (`not-found`), wrong in the operator's files (`broken`) or not possible now (`unavailable`). An answer that can wipe a
 * disk leaves only after the machine's claim is on the disk; the service of previews claims nothing.
 */
export interface BootService {
  /** Grows when any answer may have changed. */
  generation(): number;
  /** The script that makes iPXE send its own facts to `/ipxe`. */
  start(origin: Origin): string;
  /** `/ipxe`: the script for the machine that matches; an unknown one is told so, on its screen. */
  script(question: Question): Promise<ScriptAnswer>;
  /** For the screen of a machine whose question cannot be read: what is wrong with it. It waits and asks again. */
  explain(failure: Failure, origin: Origin): string;
  /**
   * `/?profile=NAME`: coreos-ipxe-server's bytes for CoreOS profiles, the portable form for every other system. Which
   * machine asks is not known, so a profile that installs gets a script that says so and waits.
   */
  /** `arch`: what the machine says of its processor. */
  scriptOf(profile: Name, origin: Origin, arch?: MachineArch): Promise<ScriptAnswer>;
  /** `/configs/NAME`: as it is, or rendered for the machine. */
  document(name: string, question: Question): Promise<DocumentAnswer>;
  /** matchbox's `/ignition`, `/cloud`, `/generic`: the document of that kind of the machine's profile. */
  documentOf(kind: DocumentKind, question: Question): Promise<DocumentAnswer>;
  /**
   * What the live system of a machine that shall be installed boots with: it runs the installer with the machine's own
   * document, reports and reboots. Throws `not-found` where the machine's profile installs nothing, or installs by itself.
   */
  installer(kind: 'ignition' | 'cloud_config', question: Question): Promise<DocumentAnswer>;
  nocloud(file: NocloudFile, question: Question): Promise<DocumentAnswer>;
  /** matchbox's env file: NAME=value lines. */
  metadata(question: Question): Promise<DocumentAnswer>;
  /** matchbox's `/grub`: a GRUB configuration. */
  grub(question: Question): Promise<ScriptAnswer>;
  /** The kernel's arguments for a machine, or for a profile alone. */
  args(
    who: MachineFacts | Name,
    origin: Origin,
    arch?: MachineArch,
  ): { readonly args: readonly string[]; readonly decision: Decision };
  /**
   * The configuration that lpxelinux fetches by the machine's MAC. Undefined where it boots nothing from here: there is no
   * screen to say so on.
   */
  pxelinux(question: Question): Promise<{ readonly text: string; readonly because: string } | undefined>;
  /**
   * What a GRUB that was loaded from here fetches by the machine's MAC: boots, or says on its screen why it waits.
   * `fromRoot`: GRUB has a way to images/ by which it came itself. Undefined where the answer is that there is no such file.
   */
  grubConfig(question: Question, fromRoot: boolean): Promise<ScriptAnswer | undefined>;
  /** What a machine that asks by DHCP shall do: `local` when its profile sends it to its own disk. */
  netboot(facts: MachineFacts): 'boot' | 'local';
  /** Whether the machine starts with Secure Boot on: then it can be given signed programs only. Without facts: any. */
  secureBoot(facts?: MachineFacts): boolean;
  /** Whether the machine is a Raspberry Pi that boots by its own firmware. Without facts: any. */
  raspberryPi(facts?: MachineFacts): boolean;
  /** What a machine boots that can be told nothing on its screen. Throws what keeps it from that. */
  plainPlan(question: Question): Promise<Plan>;
  /** `version.txt` of a shelf's `current/`, for installers that mirror from us; undefined when nothing boots from it. */
  currentVersion(folder: string): string | undefined;
  /** pixiecore's API. Throws `not-found` for a machine that shall not boot from us. */
  pixiecore(
    mac: Mac,
    origin: Origin,
    asker?: string,
  ): Promise<{ kernel: string; initrd: readonly string[]; cmdline: string }>;
  /** profiles/NAME.json as the operator wrote it (the last good version). */
  profileFile(name: Name): Promise<Buffer>;
  /** coreos-ipxe-server's `/keys?name=NAME`: `[{"key": "ssh-rsa ..."}]`. */
  keys(name: Name): Promise<string>;
}
