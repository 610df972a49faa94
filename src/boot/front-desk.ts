import { Failure } from '../domain/failure.ts';
import { startScript } from '../render/start-script.ts';
import { pixiecoreAnswer } from '../render/pixiecore.ts';
import { bootFile } from './boot-files.ts';
import type { ClusterLinks } from './cluster-data.ts';
import type { Desk } from './desk.ts';
import { createDocumentDesk } from './document-desk.ts';
import type { HostKeys } from './host-keys.ts';
import { currentVersionText } from './release-pointer.ts';
import { createScriptDesk, type ScriptDeskOptions } from './script-desk.ts';

export interface FrontDeskOptions extends ScriptDeskOptions {
  /** Without them no template can give a machine its host key. */
  readonly hostKeys?: HostKeys;
  /** Without it no template can give a machine its discovery URL. */
  readonly clusters?: ClusterLinks;
}

/** The desk: the catalog says which profile, systems what it needs, render puts it into words. */
export function createFrontDesk(options: FrontDeskOptions): Desk {
  const { catalog } = options;
  const scripts = createScriptDesk(options);
  const documents = createDocumentDesk(catalog, options.hostKeys, options.unknown, options.clusters);
  return {
    generation: scripts.generation,
    start: startScript,
    script: scripts.script,
    explain: scripts.explain,
    scriptOf: scripts.scriptOf,
    grub: scripts.grub,
    args: scripts.args,
    file: async (question) => await bootFile(question, scripts),
    netboot: scripts.netboot,
    ...documents,
    currentVersion: (folder) => currentVersionText(folder, catalog.current()),
    async pixiecore(mac, origin) {
      const { plan } = await scripts.bootable({ facts: { mac }, origin });
      return pixiecoreAnswer(plan, origin);
    },
    async profileFile(name) {
      const source = catalog.current().sources.get(name);
      if (source === undefined) throw new Failure('not-found', `there is no profile "${name}"`);
      return Promise.resolve(source);
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
