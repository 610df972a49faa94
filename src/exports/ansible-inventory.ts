import { compare, type Host } from './host.ts';
import { LOGIN_USERS } from './login-users.ts';

/**
 * A YAML inventory: every node, and a group for each profile and each system. Their names have a prefix because Ansible
 * mixes up a group and a host of the same name. Every string is quoted as JSON, which YAML reads as it is.
 */
export function ansibleInventory(hosts: readonly Host[], domain: string | undefined): string {
  const lines = [
    '# Written by `pilotlight export ansible-inventory`: ansible-inventory -i FILE --list',
    'all:',
    '  hosts:',
  ];
  if (hosts.length === 0) return `${lines.slice(0, 2).join('\n')} {}\n`;
  for (const host of hosts) {
    lines.push(`    ${quoted(host.name)}:`);
    for (const [key, value] of variables(host, domain)) lines.push(`      ${key}: ${quoted(value)}`);
  }
  lines.push('  children:');
  for (const [group, members] of groups(hosts)) {
    lines.push(`    ${group}:`, '      hosts:', ...members.map((name) => `        ${quoted(name)}: {}`));
  }
  return `${lines.join('\n')}\n`;
}

function variables(host: Host, domain: string | undefined): readonly (readonly [string, string])[] {
  const address = host.ip ?? (domain === undefined ? host.name : `${host.name}.${domain}`);
  const user = LOGIN_USERS[host.system];
  return [
    ['ansible_host', address],
    ...(user === undefined ? [] : [['ansible_user', user] as const]),
    ...(host.mac === undefined ? [] : [['pilotlight_mac', host.mac] as const]),
    ['pilotlight_profile', host.profile],
  ];
}

function groups(hosts: readonly Host[]): readonly (readonly [string, readonly string[]])[] {
  const found = new Map<string, string[]>();
  for (const host of hosts) {
    // Two profiles may differ only in characters that a group's name cannot have: their machines share a group then.
    for (const group of [`profile_${word(host.profile)}`, `system_${word(host.system)}`]) {
      const members = found.get(group) ?? [];
      members.push(host.name);
      found.set(group, members);
    }
  }
  return [...found].toSorted(([a], [b]) => compare(a, b));
}

function word(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
