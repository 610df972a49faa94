import { type Command, EXIT } from '../command.ts';

/** Running downloads get this long to finish after the first signal: the end comes within ten seconds. */
const GRACE_MS = 9000;

export const serveCommand: Command = {
  name: 'serve',
  words: '',
  summary: 'answer machines: boot scripts, configurations and images',
  details:
    'Serves until SIGINT or SIGTERM: running downloads then have nine seconds to finish. A second signal cuts them.',
  options: {},
  async run({ settings }, context) {
    const { createServer } = await import('../../server/server.ts');
    const server = createServer(settings, {
      logFd: context.stdout.fd ?? 1,
      self: context.self,
      faults: context.faults,
    });
    try {
      await Promise.race([server.start(), server.failed]);
      // Not where it is kept and shown around: the log, and (under systemd) everything else that is no terminal.
      const words = context.stderr.isTTY === true ? wordsWithLinks(server.firstLinks()) : wordsWithout(server.isNew());
      if (words !== undefined) context.stderr.write(`${words}\n`);
      await Promise.race([aborted(context.stop), server.failed]);
      return EXIT.ok;
    } finally {
      await server.stop(AbortSignal.any([context.force, AbortSignal.timeout(GRACE_MS)]));
    }
  },
};

function wordsWithLinks([link, ...elsewhere]: readonly string[]): string | undefined {
  if (link === undefined) return undefined;
  return [
    'The dashboard is for operators only. This link logs you in, once, within 15 minutes:',
    `  ${link}`,
    ...(elsewhere.length === 0 ? [] : ['or, in a browser on another host:']),
    ...elsewhere.map((other) => `  ${other}`),
    'Later: `pilotlight login` makes another, and state/admin-token holds the token.',
  ].join('\n');
}

function wordsWithout(isNew: boolean): string | undefined {
  if (!isNew) return undefined;
  return [
    'The dashboard is for operators only. `pilotlight login` prints a link that logs you in, once: run it on this host as',
    'a user who may read state/admin-token, with the same PILOTLIGHT_DATA_DIR.',
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
