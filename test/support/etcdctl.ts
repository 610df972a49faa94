import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What etcdctl (v3) says on standard output. Rejects when it fails. */
export async function etcdctl(endpoint: string, words: readonly string[], netns?: string): Promise<string> {
  const inside = netns === undefined ? [] : ['ip', 'netns', 'exec', netns];
  const [command = '', ...rest] = [...inside, 'etcdctl', '--endpoints', endpoint, ...words];
  const { stdout } = await run(command, rest, { env: { PATH: process.env['PATH'] ?? '', ETCDCTL_API: '3' } });
  return stdout;
}

/** Waits until every endpoint of the cluster answers with a leader; etcdctl itself waits for one. */
export async function healthy(ips: readonly string[], limit = 120_000, netns?: string): Promise<void> {
  const end = Date.now() + limit;
  for (;;) {
    try {
      for (const ip of ips) await etcdctl(`http://${ip}:2379`, ['endpoint', 'health', '--command-timeout=2s'], netns);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/**
 * Changes who belongs to the cluster. A cluster that elects a leader, or that has not heard its members for five seconds yet,
 * refuses or answers too late: then it is asked again, unless the list of members says that it was done all the same.
 */
export async function changeMembers(
  ip: string,
  words: readonly string[],
  done: (list: string) => boolean,
  netns?: string,
): Promise<void> {
  const endpoint = `http://${ip}:2379`;
  const end = Date.now() + 120_000;
  for (;;) {
    try {
      await etcdctl(endpoint, ['member', ...words], netns);
      return;
    } catch (error) {
      if (done(await etcdctl(endpoint, ['member', 'list'], netns).catch(() => ''))) return;
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** `infra0=http://10.0.1.10:2380` of each member, sorted. */
export async function members(ip: string, netns?: string): Promise<readonly string[]> {
  const text = await etcdctl(`http://${ip}:2379`, ['member', 'list'], netns);
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(', '))
    .map((fields) => `${fields[2] ?? ''}=${fields[3] ?? ''}`)
    .sort();
}
