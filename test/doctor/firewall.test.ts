import { describe, expect, it } from 'vitest';
import { firewallDiagnostics, type NeededPort, type Rules } from '../../src/doctor/firewall.ts';

const NEEDED: readonly NeededPort[] = [
  { protocol: 'tcp', port: 4777 },
  { protocol: 'udp', port: 69 },
];
const nft = (text: string): Rules => ({ kind: 'rules', tool: 'nft', text });
const iptables = (text: string): Rules => ({ kind: 'rules', tool: 'iptables', text });
const chain = (policy: string, rules: string, more = ''): Rules =>
  nft(
    `table inet filter {\n${more}\tchain input {\n\t\ttype filter hook input priority filter; policy ${policy};\n${rules}\t}\n}\n`,
  );
const look = (rules: Rules) => {
  const [finding] = firewallDiagnostics(rules, NEEDED);
  return finding ?? { severity: 'none', message: '', remedy: '' };
};

describe('nftables', () => {
  it.each([
    ['no rules', nft('')],
    ['an open policy', chain('accept', '\t\tct state established accept\n')],
    [
      'drops for what leaves only',
      nft('table ip a {\n\tchain o {\n\t\ttype filter hook output priority 0; policy drop;\n\t}\n}\n'),
    ],
    [
      'drops for what is forwarded, beside an open input',
      chain(
        'accept',
        '',
        '\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tdrop\n\t}\n',
      ),
    ],
  ])('%s: nothing is filtered', (_what, rules) => {
    expect(look(rules)).toMatchObject({ severity: 'ok', message: 'no rule of this host filters what arrives' });
  });

  it.each([
    ['a closed policy', chain('drop', '\t\ttcp dport 22 accept\n')],
    ['a drop at the end', chain('accept', '\t\ttcp dport 22 accept\n\t\tdrop\n')],
    ['a reject in another chain of the table', chain('accept', '\t\tjump no\n', '\tchain no {\n\t\treject\n\t}\n')],
  ])('%s that does not name our ports is a warning', (_what, rules) => {
    expect(look(rules)).toMatchObject({
      severity: 'warning',
      message: 'a firewall filters what arrives, and no rule names 4777/tcp, 69/udp',
    });
    expect(look(rules).remedy).toContain(
      'tcp dport { 4777 } accept; udp dport { 69 } accept; for TFTP also its helper',
    );
  });

  it('names the port that is closed, and no other', () => {
    expect(look(chain('drop', '\t\tudp dport { 53, 69 } accept\n')).message).toMatch(/names 4777\/tcp$/);
    expect(look(chain('drop', '\t\ttcp dport 4777 drop\n\t\tudp dport 69 accept\n')).message).toMatch(
      /names 4777\/tcp$/,
    );
    expect(look(chain('drop', '\t\ttcp dport 14777 accept\n\t\tudp dport 69 accept\n')).message).toMatch(/4777\/tcp$/);
  });

  it('is content when every port is named', () => {
    const rules = chain('drop', '\t\ttcp dport { 22, 4777 } accept\n\t\tudp dport 69 accept\n');
    expect(look(rules)).toMatchObject({ severity: 'ok' });
  });

  it('speaks the language of firewalld and of ufw', () => {
    const firewalld = nft(
      'table inet firewalld {\n\tchain f {\n\t\ttype filter hook input priority 10; policy accept;\n\t\treject\n\t}\n}\n',
    );
    expect(look(firewalld).remedy).toContain('firewall-cmd --permanent --add-port=4777/tcp --add-port=69/udp');
    expect(look(chain('drop', '\t\tjump ufw-user-input\n')).remedy).toContain('ufw allow 4777/tcp; ufw allow 69/udp');
  });
});

it.each([
  ['-P INPUT ACCEPT\n-P FORWARD DROP\n', 'ok'],
  ['-P INPUT DROP\n', 'warning'],
  ['-P INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT --reject-with x\n', 'warning'],
  [
    '-P INPUT DROP\n-A INPUT -p tcp -m multiport --dports 22,4777 -j ACCEPT\n-A INPUT -p udp --dport 69 -j ACCEPT\n',
    'ok',
  ],
])('iptables: %j', (text, severity) => {
  expect(look(iptables(text)).severity).toBe(severity);
});

it('says when it could not look, and when there is nothing to look at', () => {
  expect(look({ kind: 'unreadable' })).toMatchObject({
    severity: 'warning',
    remedy: 'run `pilotlight doctor` as root',
  });
  expect(look({ kind: 'none' }).severity).toBe('ok');
});
