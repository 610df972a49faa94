import type { ReleasesView, SyncRunView } from '../../src/model/release-views.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

export function fakeReleases(now: number, running = true): ReleasesView {
  const signed = 'signed by Flatcar Buildbot (F88CFEDE)';
  const first = now - 40_000;
  const runs: readonly SyncRunView[] = [
    {
      run: first,
      failed: 0,
      steps: [
        {
          at: first + 200,
          event: {
            kind: 'plan',
            skipped: [],
            targets: [
              { target: 'flatcar/stable/amd64', system: 'flatcar', profiles: ['workers'] },
              { target: 'flatcar/beta/amd64', system: 'flatcar', profiles: ['edge-canary'] },
              { target: 'fedora-coreos/stable/amd64', system: 'fedora-coreos', profiles: ['control-plane'] },
            ],
          },
        },
        {
          at: first + 900,
          event: {
            kind: 'found',
            target: 'flatcar/beta/amd64',
            version: '4641.0.0',
            shelf: 'flatcar/amd64/4641.0.0',
            files: 2,
            profiles: ['edge-canary'],
          },
        },
        {
          at: first + 9200,
          event: {
            kind: 'verified',
            target: 'flatcar/beta/amd64',
            file: 'flatcar_production_pxe.vmlinuz',
            size: 57 * MIB,
            by: signed,
          },
        },
        {
          at: first + 12_000,
          event: {
            kind: 'retry',
            target: 'flatcar/beta/amd64',
            file: 'flatcar_production_pxe_image.cpio.gz',
            attempt: 2,
            waitMs: 2000,
            why: 'the connection was cut',
          },
        },
      ],
    },
    {
      run: now - DAY,
      endedAt: now - DAY + 154_000,
      failed: 0,
      steps: [
        {
          at: now - DAY + 61_000,
          event: { kind: 'published', target: 'flatcar/stable/amd64', shelf: 'flatcar/amd64/4593.2.1' },
        },
        {
          at: now - DAY + 61_400,
          event: {
            kind: 'rewritten',
            target: 'flatcar/stable/amd64',
            profile: 'workers',
            from: '4593.2.0',
            to: '4593.2.1',
          },
        },
        { at: now - DAY + 150_000, event: { kind: 'removed', shelf: 'flatcar/amd64/4459.2.4', size: 405 * MIB } },
      ],
    },
    {
      run: now - 2 * DAY,
      endedAt: now - 2 * DAY + 31_000,
      failed: 1,
      steps: [
        {
          at: now - 2 * DAY + 30_000,
          event: {
            kind: 'failed',
            target: 'debian/trixie/amd64',
            message: 'no good signature on SHA256SUMS: made by a key that is not pinned',
          },
        },
      ],
    },
  ];
  return {
    running,
    schedule: '17 4 * * *',
    nextRun: now + 7 * HOUR,
    targets: [
      {
        target: 'flatcar/stable/amd64',
        profiles: ['workers'],
        progress: { state: 'published', version: '4593.2.1', received: 0, size: 0 },
        shelves: [
          {
            shelf: 'flatcar/amd64/4593.2.1',
            version: '4593.2.1',
            size: 412 * MIB,
            publishedAt: now - DAY,
            verified: signed,
            keptBecause: ['named by profiles/workers.json', 'booted 12 min ago'],
          },
          {
            shelf: 'flatcar/amd64/4593.2.0',
            version: '4593.2.0',
            size: 410 * MIB,
            publishedAt: now - 22 * DAY,
            verified: signed,
            keptBecause: ['one of the newest 2'],
          },
          {
            shelf: 'flatcar/amd64/4459.2.3',
            version: '4459.2.3',
            size: 402 * MIB,
            publishedAt: now - 63 * DAY,
            verified: signed,
            keptBecause: [],
          },
        ],
      },
      {
        target: 'flatcar/beta/amd64',
        profiles: ['edge-canary'],
        progress: { state: 'fetching', version: '4641.0.0', received: 268 * MIB, size: 415 * MIB },
        shelves: [
          {
            shelf: 'flatcar/amd64/4628.1.0',
            version: '4628.1.0',
            size: 411 * MIB,
            publishedAt: now - 12 * DAY,
            verified: signed,
            keptBecause: ['named by profiles/edge-canary.json'],
          },
        ],
      },
      {
        target: 'fedora-coreos/stable/amd64',
        profiles: ['control-plane'],
        held: 'rolled back from 42.20260915.3.0 five days ago; the sync leaves it alone until a newer release',
        progress: { state: 'waiting', received: 0, size: 0 },
        shelves: [
          {
            shelf: 'fedora-coreos/amd64/42.20260915.3.0',
            version: '42.20260915.3.0',
            size: 905 * MIB,
            publishedAt: now - 8 * DAY,
            verified: 'signed by Fedora 42 (B0F4950458F69E11)',
            keptBecause: ['one of the newest 2'],
          },
          {
            shelf: 'fedora-coreos/amd64/42.20260901.3.0',
            version: '42.20260901.3.0',
            size: 903 * MIB,
            publishedAt: now - 22 * DAY,
            verified: 'signed by Fedora 42 (B0F4950458F69E11)',
            keptBecause: ['named by profiles/control-plane.json', 'booted 1 d ago'],
          },
        ],
      },
      {
        target: 'debian/trixie/amd64',
        profiles: ['lab-debian'],
        progress: { state: 'failed', received: 0, size: 0, message: 'no good signature on SHA256SUMS' },
        shelves: [],
      },
    ],
    runs,
  };
}
