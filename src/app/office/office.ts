import type { Office } from '../../doors/http/operator/office.ts';
import { Failure } from '../../domain/failure.ts';
import { rollback } from '../rollback.ts';
import { createChanges } from './changes.ts';
import type { OfficeDeps } from './deps.ts';
import { healthView } from './health-view.ts';
import { machineOffice } from './machines.ts';
import { profileOffice } from './profiles.ts';
import { releasesView } from './releases.ts';

/** Everything that people see and do, over the rooms of the house. It has no life of its own. */
export function createOffice(deps: OfficeDeps): Office {
  const changes = createChanges(deps);
  return {
    ...machineOffice(deps),
    ...profileOffice(deps),
    releases: async () => await releasesView(deps),
    syncNow: (wishes = {}) => Promise.resolve(begin(deps, wishes)),
    syncSteps: async (run, after) => await deps.sync.book.read(run, after),
    async rollback(profile, version) {
      const done = await rollback(deps.settings, profile, version);
      if (done.kind === 'busy') throw new Failure('conflict', done.message, { remedy: 'try again when it is over' });
      await deps.catalog.refresh();
      deps.log.info({ ...done.value }, 'a profile was rolled back by an operator');
      const { from, to } = done.value;
      return { from, to };
    },
    health: async () => await healthView(deps),
    onChange: (listener) => changes.onChange(listener),
  };
}

function begin({ sync }: Pick<OfficeDeps, 'sync'>, wishes: { readonly allowDowngrade?: boolean }) {
  const started = sync.runNow(wishes);
  const run = sync.book.newest();
  return { started, ...(run === undefined ? {} : { run }) };
}
