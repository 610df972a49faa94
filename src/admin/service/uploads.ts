import { Failure } from '../../model/failure.ts';
import { parseVersion } from '../../model/profile.ts';
import type { ImportedImages } from '../../model/release-views.ts';
import type { SyncEvent } from '../../model/sync-event.ts';
import { importImages } from '../../releases/image-commands.ts';
import { createUploads } from '../../releases/upload.ts';
import type { Changes } from './changes.ts';
import type { AdminDeps } from './deps.ts';

/** What an administrator says of uploaded images; what is left out is guessed from the files. */
export interface ImportWish {
  readonly channel?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256, as sha256sum writes it: checked beside what the publisher signed. */
  readonly digests?: string;
  /** `custom/NAME/VERSION`: files that no publisher signs; the digests are what they are believed for. */
  readonly place?: string | undefined;
  readonly allowDowngrade?: boolean;
}

export interface UploadOperations {
  readonly beginUpload: (bytes: number) => Promise<string>;
  readonly uploadPiece: (upload: string, name: string, at: number, piece: Buffer) => Promise<void>;
  /** The upload is gone afterwards, whatever became of it: its files are published, or are worth nothing. */
  readonly importUpload: (upload: string, wish: ImportWish) => Promise<ImportedImages>;
}

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'log' | 'now' | 'settings'>;

/** Images from a browser, published by the very road of `images import`. */
export function createUploadOperations(deps: Deps, changes: Pick<Changes, 'emit'>): UploadOperations {
  const { catalog, files, log, now, settings } = deps;
  const uploads = createUploads(files, now);
  return {
    beginUpload: (bytes) => uploads.begin(bytes),
    uploadPiece: (upload, name, at, piece) => uploads.put(upload, name, at, piece),
    importUpload: async (upload, wish) => {
      const version = wish.version === undefined ? undefined : parseVersion(wish.version);
      if (wish.version !== undefined && version === undefined) {
        throw new Failure('invalid', `"${wish.version.slice(0, 40)}" is not a version`);
      }
      const events: SyncEvent[] = [];
      const taken = await uploads.take(upload);
      try {
        if (wish.place !== undefined) return await told([await taken.publish(wish.place, wish.digests ?? '')]);
        const paths = await taken.files(wish.digests ?? '');
        const done = await importImages(settings, {
          paths,
          request: {
            ...(wish.channel !== undefined && { channel: wish.channel }),
            ...(version !== undefined && { version }),
          },
          cwd: files.dir,
          signal: AbortSignal.timeout(LONGEST_MS),
          emit: (event) => events.push(event),
          allowDowngrade: wish.allowDowngrade ?? false,
        });
        if (done.kind === 'busy') throw new Failure('conflict', done.message);
      } finally {
        await taken.remove().catch((cause: unknown) => {
          log.warn({ cause }, 'an upload was not removed');
        });
      }
      return await outcome(events);
    },
  };

  async function outcome(events: readonly SyncEvent[]): Promise<ImportedImages> {
    const failed = events.find((event) => event.kind === 'failed');
    if (failed !== undefined) {
      throw new Failure('invalid', `not published: ${failed.message}`, {
        remedy: "upload the publisher's signatures and lists of digests with the images, all at once",
      });
    }
    return await told(events.flatMap((event) => (event.kind === 'published' ? [event.shelf] : [])));
  }

  async function told(shelves: readonly string[]): Promise<ImportedImages> {
    await catalog.refresh();
    changes.emit('releases');
    log.info({ shelves }, 'images were uploaded by an operator');
    return { shelves };
  }
}

const LONGEST_MS = 15 * 60_000;
