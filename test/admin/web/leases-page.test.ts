import { describe, expect, it } from 'vitest';
import { leasesPage } from '../../../src/admin/web/leases-page.ts';
import { leasesView } from '../../../src/admin/service/machine-list.ts';
import { mountPages } from '../../../src/admin/web/pages.ts';
import type { Lease } from '../../../src/dhcp/lease-book.ts';
import { withLeases, hostsOf } from '../../../src/exports/host.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { BEARER, operatorSetup } from '../../support/operator-setup.ts';
import { adminSetup } from '../service/setup.ts';

const NOW = 1_800_000_000_000;
const lease = (address: string, more: Partial<Lease> = {}): Lease =>
  ({ address, mac: '52:54:00:55:1c:ee', state: 'bound', at: NOW - 5, until: NOW + 5, ...more }) as Lease;

const NODES = {
  'profiles/a.json': { system: 'flatcar', version: '4593.2.5', nodes: [{ name: 'one', mac: '52:54:00:55:1c:ee' }] },
};

describe('leases', () => {
  it('are sorted by address, and say what became of each and whose it is', async () => {
    const leases = [
      lease('10.0.0.100', { until: NOW }),
      lease('10.0.0.9'),
      lease('10.0.0.10', { state: 'resting' }),
      lease('10.0.0.11', { state: 'released', mac: '52:54:00:00:00:01' as Lease['mac'], name: 'box' }),
    ];
    const { deps, catalog } = await adminSetup(NODES, { leases: () => leases, now: () => NOW });
    await catalog.refresh();
    const view = await leasesView(deps);
    expect(view.leases.map(({ address, state, node, name }) => [address, state, node, name])).toEqual([
      ['10.0.0.9', 'in use', 'one', undefined],
      ['10.0.0.10', 'resting', 'one', undefined],
      ['10.0.0.11', 'released', undefined, 'box'],
      ['10.0.0.100', 'ended', 'one', undefined],
    ]);
    expect(view.off).toContain('PILOTLIGHT_DHCP=server');
  });

  it('are addresses of nodes that have none, in what is exported; never by what a machine calls itself', async () => {
    const { catalog } = await adminSetup(NODES);
    await catalog.refresh();
    const hosts = hostsOf(catalog.current().profiles.values());
    expect(withLeases(hosts, [lease('10.0.0.9', { name: 'other' })], NOW)).toMatchObject([
      { name: 'one', ip: '10.0.0.9' },
    ]);
    for (const gone of [lease('10.0.0.9', { until: NOW }), lease('10.0.0.9', { state: 'released' })]) {
      expect(withLeases(hosts, [gone], NOW)[0]?.ip).toBeUndefined();
    }
  });
});

describe('GET /dashboard/leases', () => {
  it('shows each address with its machine', async () => {
    const { leases, health } = sampleAdminService(NOW);
    const { http } = operatorSetup({ leases, health }, { pages: mountPages });
    const { text } = await http.get('/dashboard/leases').set('Authorization', BEARER).expect(200);
    expect(text).toContain('192.168.50.101');
    expect(text).toContain('/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee');
  });

  it('says why there are none', () => {
    expect(leasesPage({ leases: [], off: 'why' }, NOW).data).toMatchObject({ off: 'why', none: true });
  });
});
