import { Failure } from '../model/failure.ts';
import { startScript } from '../ipxe/start-script.ts';
import { pixiecoreAnswer } from '../ipxe/pixiecore.ts';
import { bootFile } from './boot-files.ts';
import type { Desk } from './boot-service.ts';
import { createDocumentDesk } from './documents.ts';
import { currentVersionText } from './release-pointer.ts';
import { createScriptDesk, type ScriptDeskOptions } from './scripts.ts';
import { createTemplateShelf } from './template-shelf.ts';

/** Without `hostKeys` no template can give a machine its host key, without `clusters` none its discovery URL. */
export type FrontDeskOptions = Omit<ScriptDeskOptions, 'templates'>;

/** The desk: the catalog says which profile, systems what it needs, render puts it into words. */
export function createFrontDesk(options: FrontDeskOptions): Desk {
  const { catalog } = options;
  const templates = createTemplateShelf();
  const scripts = createScriptDesk({ ...options, templates });
  const documents = createDocumentDesk(catalog, { ...options, templates });
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
    async pixiecore(mac, origin, asker) {
      const { plan } = await scripts.bootable({ facts: { mac }, origin, ...(asker === undefined ? {} : { asker }) });
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
