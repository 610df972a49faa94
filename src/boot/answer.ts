import type { Snapshot } from '../catalog/snapshot.ts';
import { startScript } from '../ipxe/boot-script.ts';
import { pixiecoreAnswer, pxelinuxConfig } from '../ipxe/other-loaders.ts';
import { Failure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import { type Question, secureOrigin } from '../model/plan.ts';
import { builds, compareVersions, parseVersion, type Profile, type Version } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { BootService } from './boot-service.ts';
import { createDocumentService } from './documents.ts';
import { whoIs } from './reasons.ts';
import { createScriptService, type ScriptService, type ScriptServiceOptions } from './scripts.ts';
import { explained } from './screens.ts';
import { createTemplateCache } from './template-data.ts';

const VARIABLE = { coreos: 'COREOS', flatcar: 'FLATCAR' } as const;

/**
 * `version.txt` of a shelf's `current/`: what `coreos-install -b` and `flatcar-install -b` read before they fetch
 * everything else from the numbered folder. `current` is the newest release that a profile boots, so a mirror never
 * installs what its operator has not taken. Undefined for a folder that no profile boots from.
 */
function currentVersionText(folder: string, { profiles }: Pick<Snapshot, 'profiles'>): string | undefined {
  let newest: Version | undefined;
  let variable: string | undefined;
  for (const profile of profiles.values()) {
    if (profile.system !== 'coreos' && profile.system !== 'flatcar') continue;
    const version = parseVersion(profile.version);
    if (
      version === undefined ||
      !builds(profile).some((build) => SYSTEMS[profile.system].shelf(build) === `${folder}/${version}`)
    )
      continue;
    if (newest !== undefined && compareVersions(version, newest) <= 0) continue;
    newest = version;
    variable = VARIABLE[profile.system];
  }
  if (newest === undefined || variable === undefined) return undefined;
  return `${variable}_VERSION=${newest}\n${variable}_VERSION_ID=${newest}\n`;
}

/** What any client may read of a profile: byte for byte the file, unless it holds what is its machines' or operators' alone. */
function publicText(profile: Profile | undefined, source: Buffer): Buffer {
  const kept = [
    ...(profile?.secrets === true ? ['vars'] : []),
    ...(profile?.nodes.some(({ power }) => power !== undefined) === true ? ['power'] : []),
  ];
  if (profile === undefined || kept.length === 0) return source;
  const hidden = (key: string, value: unknown): unknown => (kept.includes(key) ? undefined : value);
  return Buffer.from(`${JSON.stringify(profile.raw, hidden, 2)}\n`);
}

const withPis = new WeakMap<Snapshot, boolean>();

function raspberryPi(snapshot: Snapshot, facts: MachineFacts | undefined): boolean {
  if (facts !== undefined) return snapshot.match(facts)?.node?.raspberry_pi === true;
  const nodes = (): boolean =>
    [...snapshot.profiles.values()].some((profile) => profile.nodes.some((node) => node.raspberry_pi === true));
  const any = withPis.get(snapshot) ?? nodes();
  withPis.set(snapshot, any);
  return any;
}

/** lpxelinux cannot be told anything on its screen: what cannot boot is a file that is not there. */
async function pxelinux(scripts: ScriptService, question: Question): ReturnType<BootService['pxelinux']> {
  try {
    const { plan, match } = await scripts.bootable(question);
    const title = `${SYSTEMS[match.profile.system].title} (${match.profile.name})`;
    const text = pxelinuxConfig(plan, question.origin, title);
    return { text, because: `${whoIs(question.facts)} boots ${match.profile.file}` };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Without `hostKeys` no template can give a machine its host key, without `clusters` none its discovery URL. */
export interface BootServiceOptions extends Omit<ScriptServiceOptions, 'templates'> {
  /** Where machines are answered over TLS. */
  readonly tlsPort?: number | undefined;
}

/** The boot service: the catalog says which profile, `os` what it needs, `ipxe` puts it into words. */
export function createBootService(options: BootServiceOptions): BootService {
  const { catalog, tlsPort, vlan } = options;
  const templates = createTemplateCache();
  const scripts = createScriptService({ ...options, templates });
  const documents = createDocumentService(catalog, { ...options, templates });
  return {
    generation: scripts.generation,
    start: (origin) => startScript(origin, tlsPort === undefined ? undefined : secureOrigin(origin, tlsPort), vlan),
    script: scripts.script,
    explain: explained,
    scriptOf: scripts.scriptOf,
    grub: scripts.grub,
    args: scripts.args,
    pxelinux: async (question) => await pxelinux(scripts, question),
    grubConfig: scripts.grubConfig,
    netboot: scripts.netboot,
    secureBoot: scripts.secureBoot,
    raspberryPi: (facts) => raspberryPi(catalog.current(), facts),
    plainPlan: async (question) => (await scripts.bootable(question, 'plain')).plan,
    ...documents,
    currentVersion: (folder) => currentVersionText(folder, catalog.current()),
    async pixiecore(mac, origin, asker) {
      const { plan } = await scripts.bootable({ facts: { mac }, origin, asker }, 'plain');
      return pixiecoreAnswer(plan, origin);
    },
    async profileFile(name) {
      const { sources, profiles } = catalog.current();
      const source = sources.get(name);
      if (source === undefined) throw new Failure('not-found', `there is no profile "${name}"`);
      return Promise.resolve(publicText(profiles.get(name), source));
    },
    async keys(name) {
      const key = catalog.current().keys.get(name);
      if (key === undefined) {
        throw new Failure('not-found', `there is no key "${name}"`, { remedy: `create sshkeys/${name}.pub` });
      }
      // Byte for byte what coreos-ipxe-server glued together, quotes escaped.
      return Promise.resolve(`[{"key": ${JSON.stringify(key.text)}}]`);
    },
  };
}
