import { parseDomain, parseDomains, parseRange, parseRoutes } from './network-parsers.ts';
import { parseAddresses, parseHosts, parseListen, parseNumber, parseOneOf, parseOnOff } from './parsers.ts';

/** The rows of the table (table.ts) for DHCP. */
export const DHCP_SETTINGS = {
  dhcp: {
    help: 'proxy: tell machines where to boot from, beside an unchanged DHCP server; server: give them addresses, too, as the only DHCP server of their network',
    fallback: 'off',
    parse: parseOneOf(['off', 'proxy', 'server']),
    usual: 'off',
  },
  'dhcp-range': {
    help: 'addresses that the DHCP server hands out, separated by commas: 192.168.50.100-192.168.50.200; with /24 behind it for a network behind a relay; a network alone, 192.168.50.0/24, is for machines whose profile gives them an address; a network of IPv6, fd00:50::/64, where a router sends machines to DHCPv6',
    fallback: 'none',
    parse: parseRange,
    usual: { pools: [], networks6: [] },
  },
  'dhcp-lease': {
    help: 'seconds that a machine may keep its address without asking again',
    fallback: '3600',
    parse: parseNumber(60, 31_536_000),
    usual: 3600,
  },
  'dhcp-routers': {
    help: 'routers, separated by commas; each is told in the network in which it is',
    fallback: 'none; behind a relay, the relay',
    parse: parseAddresses,
    usual: [],
  },
  'dhcp-dns': { help: 'DNS servers, separated by commas', fallback: 'none', parse: parseHosts, usual: [] },
  'dhcp-ntp': { help: 'time servers, separated by commas', fallback: 'none', parse: parseHosts, usual: [] },
  'dhcp-domain': { help: "the machines' DNS domain", fallback: 'none', parse: parseDomain },
  'dhcp-search': {
    help: 'domains in which names are looked up, separated by commas',
    fallback: 'none',
    parse: parseDomains,
    usual: [],
  },
  'dhcp-routes': {
    help: 'networks behind other routers, separated by commas: 10.0.0.0/8=192.168.50.1',
    fallback: 'none',
    parse: parseRoutes,
    usual: [],
  },
  'dhcp-authoritative': {
    help: 'whether a machine is told no that asks for an address which the DHCP server does not know; off where other servers know of some',
    fallback: 'on',
    parse: parseOnOff,
    usual: true,
  },
  'dhcp-probe': {
    help: 'whether the DHCP server looks for another machine at an address before it offers it',
    fallback: 'on',
    parse: parseOnOff,
    usual: true,
  },
  'dhcp-beside-others': {
    help: 'whether the DHCP server starts where another one hands out addresses',
    fallback: 'off',
    parse: parseOnOff,
    usual: false,
  },
  'dhcp-listen': {
    help: 'where DHCP listens (and on port 4011)',
    fallback: '0.0.0.0:67',
    parse: parseListen,
    usual: { host: '0.0.0.0', port: 67 },
  },
  'dhcp-relays': {
    help: 'addresses of DHCP relays that may ask, separated by commas',
    fallback: 'none',
    parse: parseHosts,
    usual: [],
  },
  'dhcp-local-boot': {
    help: 'machines whose profile boots the local disk: silent, or answer (a script then hands them over)',
    fallback: 'silent',
    parse: parseOneOf(['silent', 'answer']),
    usual: 'silent',
  },
} as const;
