import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';

/** Running downloads get this long to finish after the first signal: the end comes within ten seconds. */
const GRACE_MS = 9000;

export const serveCommand: Command = {
  name: 'serve',
  usage: '',
  summary: 'answer machines: boot scripts, configurations and images',
  details:
    'Serves until SIGINT or SIGTERM: running downloads then have nine seconds to finish. A second signal cuts them.',
  flags: [],
  words: { min: 0, max: 0 },
  async run({ settings, warnings }, context) {
    const { createServer } = await import('../../app/server.ts');
    const server = createServer(settings, {
      logFd: context.stdout.fd ?? 1,
      warnings,
      ...(context.self === undefined ? {} : { self: context.self }),
      ...(context.faults === undefined ? {} : { faults: context.faults }),
    });
    try {
      await Promise.race([server.start(), server.failed]);
      const link = server.firstLink();
      // Not into the log: logs are kept and shown around.
      if (link !== undefined) context.stderr.write(`${firstWords(link)}\n`);
      await Promise.race([aborted(context.stop), server.failed]);
      return EXIT.ok;
    } finally {
      await server.stop(AbortSignal.any([context.force, AbortSignal.timeout(GRACE_MS)]));
    }
  },
};

function firstWords(link: string): string {
  return [
    'The dashboard is for operators only. This link logs you in, once, within 15 minutes:',
    `  ${link}`,
    'Later: `pilotlight login` makes another, and state/admin-token holds the token.',
  ].join('\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
