import { basename, relative, sep } from 'node:path';

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The tests that judge a room's mutants: its own, and those of what stands on it where they notice what these do not (of 66
// that were noticed in boot, none was by http or server; they took most of the time). What is left out starts
// processes (a mutant is only in this one), crowds a server for seconds, or counts the files of the repository.
const JUDGES: Readonly<Record<string, readonly string[]>> = {
  boot: ['boot'],
  catalog: ['{catalog,boot}'],
  releases: ['releases', 'admin/service/{service,releases,uploads}*', 'cli/commands/{firmware,images,sync}*'],
  machines: ['{machines,boot}'],
  dhcp: ['dhcp'],
  tftp: ['tftp'],
  http: ['http'],
};

// The test of the mutated file's name is asked first, then its room, then the others: the first failure ends a run. What is
// made when a module is loaded is judged by its room alone: which tests reach it is not known, and all would be asked.
class NearestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const mutated = (this.ctx.config.related ?? []).map((file) => relative(this.ctx.config.root, file));
    const names = new Set(mutated.map((file) => basename(file, '.ts')));
    const rooms = new Set(mutated.map((file) => file.split(sep)[1]));
    const distance = ({ moduleId }: TestSpecification) => {
      if (names.has(basename(moduleId, '.test.ts'))) return 0;
      return rooms.has(relative(this.ctx.config.root, moduleId).split(sep)[1]) ? 1 : 2;
    };
    const { mode, mutantActivation } = (files[0]?.project.getProvidedContext() ?? {}) as Record<string, unknown>;
    const farthest = mode === 'mutant' && mutantActivation === 'static' ? 1 : 2;
    const asked = files.filter((file) => distance(file) <= farthest);
    return Promise.resolve(asked.sort((a, b) => distance(a) - distance(b)));
  }
}

export default defineConfig({
  test: {
    include: (JUDGES[process.env['MUTANTS_ROOM'] ?? ''] ?? ['**']).map((of) =>
      of.endsWith('*') ? `test/${of}.test.ts` : `test/${of}/**/*.test.ts`,
    ),
    exclude: [
      'test/{acceptance,lab,reference,frozen,docs,scripts,bench,ci,mutants}/**',
      'test/**/{*-by-server,crashes,sync-crashes,sync-child,crowd,network-faults,netns,files-on-the-way}.test.ts',
    ],
    sequence: { sequencer: NearestFirst },
    isolate: false,
    pool: 'threads',
    // A busy machine must not look like a test that notices.
    testTimeout: 60_000,
  },
});
