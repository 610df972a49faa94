import { diagnosticsAbout, type HostDiagnostic } from '../model/failure.ts';

/** The rules of this host: as `nft list ruleset` or `iptables -S` prints them. */
export type Rules =
  | { readonly kind: 'rules'; readonly tool: 'nft' | 'iptables'; readonly text: string }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'none' };

export interface NeededPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

const say = diagnosticsAbout('firewall');

/**
 * A hint, not a proof: whether anything filters what arrives, and whether some rule that accepts names our ports.
 * Nothing is ever changed.
 */
export function firewallDiagnostics(rules: Rules, needed: readonly NeededPort[]): readonly HostDiagnostic[] {
  const ports = needed.map(({ protocol, port }) => `${port}/${protocol}`);
  if (rules.kind === 'none') return [say.ok('neither nft nor iptables is installed here')];
  if (rules.kind === 'unreadable') {
    return [
      say.warning('the firewall was not looked at: only root can read its rules', 'run `pilotlight doctor` as root'),
    ];
  }
  if (!filters(rules)) return [say.ok('no rule of this host filters what arrives')];
  const closed = ports.filter((port) => !isNamed(rules.text, port.split('/')[0] ?? ''));
  if (closed.length === 0) return [say.ok(`a firewall filters what arrives, and names ${ports.join(', ')}`)];
  return [
    say.warning(`a firewall filters what arrives, and no rule names ${closed.join(', ')}`, opening(rules, closed)),
  ];
}

function filters({ tool, text }: Extract<Rules, { kind: 'rules' }>): boolean {
  if (tool === 'iptables') return /^-P INPUT (?:DROP|REJECT)$|^-A INPUT .*-j (?:DROP|REJECT)/m.test(text);
  return text.split(/^table /m).some((table) => {
    // What other hooks drop, forwarding above all, is not for us; a chain without a hook may be jumped to from input.
    const chains = table.split(/^\s*chain /m).filter((chain) => !/\bhook (?!input\b)/.test(chain));
    return (
      chains.some((chain) => /\bhook input\b/.test(chain)) && chains.some((chain) => /\b(?:drop|reject)\b/.test(chain))
    );
  });
}

// tftp, bootps and http have names in /etc/services; nft prints numbers unless it is told to, iptables-save always.
function isNamed(text: string, port: string): boolean {
  return text
    .split('\n')
    .some((line) => /\baccept\b/i.test(line) && new RegExp(String.raw`dports?\b.*\b${port}\b`).test(line));
}

function opening({ text }: Extract<Rules, { kind: 'rules' }>, closed: readonly string[]): string {
  // TFTP answers come from a port of their own; the first packet of a transfer asks for them.
  const also = closed.includes('69/udp') ? '; for TFTP also its helper, or PILOTLIGHT_TFTP_SINGLE_PORT=on' : '';
  if (text.includes('table inet firewalld')) {
    return `firewall-cmd --permanent ${closed.map((port) => `--add-port=${port}`).join(' ')} && firewall-cmd --reload${also}`;
  }
  if (text.includes('ufw-user-input')) return `${closed.map((port) => `ufw allow ${port}`).join('; ')}${also}`;
  const rule = (protocol: string): string => {
    const own = closed.filter((port) => port.endsWith(protocol)).map((port) => port.split('/')[0]);
    return own.length === 0 ? '' : `${protocol} dport { ${own.join(', ')} } accept`;
  };
  const both = ['tcp', 'udp'].map(rule).filter((text_) => text_ !== '');
  return `accept in the input chain: ${both.join('; ')}${also}`;
}
