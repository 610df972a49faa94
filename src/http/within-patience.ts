import { Failure } from '../model/failure.ts';

/** What `work` gives, or Failure `unavailable` when it takes longer than `limit` milliseconds. The work goes on. */
export async function withinPatience<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Failure('unavailable', 'this takes too long', { remedy: 'ask again' }));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
