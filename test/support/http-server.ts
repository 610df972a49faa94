import type { BootService } from '../../src/boot/boot-service.ts';
import type { Log, LogFields } from '../../src/model/service.ts';
import type { AnswerEvent } from '../../src/http/access-log.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/server/http-server.ts';
import { Failure } from '../../src/model/failure.ts';
import { fakeBootService, type FakeBootService } from './fake-boot-service.ts';
import { operatorOptions } from './operator-setup.ts';

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordedLog extends Log {
  readonly lines: readonly LogLine[];
  of(level: keyof Log): readonly LogLine[];
}

export function recordLog(): RecordedLog {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Log) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    of: (level) => lines.filter((line) => line.level === level),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** A server on a free port of 127.0.0.1. */
export interface AppContext {
  readonly listening: HttpServer;
  readonly port: number;
  readonly bootService: FakeBootService;
  readonly log: RecordedLog;
  readonly events: readonly AnswerEvent[];
  close(): Promise<void>;
}

/** An image store with nothing in it. */
const NO_IMAGES: HttpServerOptions['imageStore'] = {
  open: async (path) => {
    throw new Failure('not-found', `images/${path} does not exist`);
  },
};

export async function openContext(
  answers: Partial<BootService> = {},
  options: Partial<HttpServerOptions> = {},
): Promise<AppContext> {
  const bootService = fakeBootService(answers);
  const log = recordLog();
  const events: AnswerEvent[] = [];
  const listening = createHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    baseUrl: undefined,
    bootService,
    imageStore: NO_IMAGES,
    log,
    health: () => ({ status: 'ok' }),
    profileSchema: Buffer.from('{"title":"of a test"}'),
    bootPrograms: { open: async () => undefined },
    reports: { up: async () => undefined, installed: async () => undefined },
    ...operatorOptions(),
    onAnswer: (event) => events.push(event),
    ...options,
  });
  await listening.start();
  return {
    listening,
    port: listening.address()?.port ?? 0,
    bootService,
    log,
    events,
    close: async () => {
      await listening.stop(AbortSignal.abort());
    },
  };
}
