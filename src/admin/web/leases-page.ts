import type { LeasesView, LeaseView } from '../../model/machine-views.ts';
import { parseKey } from '../../model/machine.ts';
import { plural } from '../../model/text.ts';
import { machineHref, moment } from './format.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

const PATH = '/dashboard/leases';

/** The addresses that DHCP gave out. */
export function mountLeasesPage(show: PageShow, { adminService }: PageDeps): void {
  show.route('Machines', PATH, {
    async get(req, res) {
      await show.page(req, res, leasesPage(await adminService.leases(), Date.now()));
    },
  });
}

export function leasesPage({ leases, off }: LeasesView, now: number): Page {
  const used = leases.filter(({ state }) => state === 'in use').length;
  return {
    view: 'leases',
    title: 'Leases',
    section: 'Machines',
    live: ['machines'],
    summary: `${plural(used, 'address', 'addresses')} in use`,
    data: {
      off,
      none: leases.length === 0,
      rows: leases.map((lease) => leaseRow(lease, now)),
    },
  };
}

const WORDS = { 'in use': 'In use', resting: 'Resting', ended: 'Ended', released: 'Released' } as const;
const SHAPES = { 'in use': 'good', resting: 'warn', ended: 'off', released: 'off' } as const;

function leaseRow({ address, mac, state, at, until, name, node, profile }: LeaseView, now: number): object {
  const key = parseKey(mac);
  return {
    ...{ address, mac, profile },
    name: node ?? name,
    mark: { shape: SHAPES[state], word: WORDS[state] },
    href: key === undefined ? undefined : machineHref(key),
    at: moment(at, now),
    until: moment(until, now),
  };
}
