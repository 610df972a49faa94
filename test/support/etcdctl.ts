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
export async function healthy(ips: readonly string[], limit = 30_000, netns?: string): Promise<void> {
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
