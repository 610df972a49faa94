import type { Feed, FeedAnswer, FeedInput, FeedStep, ReleaseSpec } from '../../src/model/release.ts';

/** What the publisher would answer: a text, a redirect, or undefined for 404. */
export type Pages = Readonly<Record<string, string | FeedAnswer | undefined>>;

export interface Driven {
  readonly release: ReleaseSpec;
  readonly asked: readonly string[];
}

/** Follows a feed to its release without a network. An address that `pages` lacks is a failure of the test. */
export function drive(feed: Feed, input: Partial<FeedInput>, pages: Pages): Driven {
  const asked: string[] = [];
  let step: FeedStep = feed.start({ channel: 'stable', arch: 'amd64', install: false, ...input });
  while (step.kind === 'fetch') {
    const answers: (FeedAnswer | undefined)[] = step.documents.map(({ url, optional }) => {
      asked.push(url);
      if (!Object.hasOwn(pages, url)) throw new Error(`unexpected address ${url}`);
      const page = pages[url];
      if (page === undefined && optional !== true) throw new Error(`${url} is not optional`);
      return typeof page === 'string' ? { text: page } : page;
    });
    step = step.next(answers);
  }
  return { release: step.release, asked };
}

/** One line for each file, for goldens: what it is, where from, and what proves it. */
export function describeRelease(release: ReleaseSpec): string {
  const files = release.artifacts.map((one) =>
    [
      `${one.kind} ${one.name}${one.optional === true ? ' (optional)' : ''}`,
      `  from ${one.url}`,
      ...one.signatureUrls.map((url) => `  signature ${url}`),
      ...one.digestLists.map((list) => `  ${list.algorithm} of ${list.entry} in ${list.url}`),
      ...Object.entries(one.digests).map(([name, digest]) => `  ${name} ${digest}`),
      ...one.unpack.map((member) => `  unpack ${member.member} as ${member.kind} ${member.name}`),
    ].join('\n'),
  );
  const pinned = release.trust === undefined ? [] : [`pinned ${release.trust.pinned.join(' ')}`];
  return [`images/${release.ref.shelf}`, ...pinned, ...files, ''].join('\n');
}
