import type { Log } from '../model/log.ts';
import type { Service } from '../model/service.ts';
import type { FirmwareShelf } from '../images/firmware.ts';
import type { BootProgram } from '../model/boot-program.ts';

export interface FirmwareWatch extends Service {
  /** As of the last look, at most ten seconds ago. */
  has(program: BootProgram): boolean;
}

const LOOK_MS = 10_000;

/** Says at start which machines can boot and what is missing, and follows what a person installs later. */
export function createFirmwareWatch(shelf: FirmwareShelf, log: Log): FirmwareWatch {
  let known: ReadonlySet<string> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function look(first: boolean): Promise<void> {
    const { found, missing } = await shelf.inventory();
    const before = known;
    known = new Set(found.map(({ program }) => program.name));
    if (!first && before.size === known.size) return;
    log.info(
      {
        boots: found.map(({ program, file }) => `${program.title}: ${file}`),
        missing: missing.map(({ title }) => title),
      },
      found.length === 0 ? 'no boot program found: install one (apt install ipxe)' : 'boot programs',
    );
  }

  return {
    name: 'firmware',
    has: (program) => known.has(program.name),
    async start() {
      await look(true);
      timer = setInterval(() => {
        looking ??= look(false)
          .catch((error: unknown) => {
            log.warn({ err: error }, 'the boot programs could not be looked for');
          })
          .finally(() => {
            looking = undefined;
          });
      }, LOOK_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
