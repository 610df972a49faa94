import type { Host } from './host.ts';

/** Lines for /etc/hosts: every node with an address, its full name first (hosts(5)). */
export function hostsFile(hosts: readonly Host[], domain: string | undefined): string {
  return hosts
    .map(({ name, ip }) => {
      if (ip === undefined) return `# ${name}: no ip in its profile\n`;
      return `${ip}\t${domain === undefined ? name : `${name}.${domain} ${name}`}\n`;
    })
    .join('');
}
