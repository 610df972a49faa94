import { expect, test } from 'vitest';
import { agentOf, readHead } from '../../src/http/request-head.ts';

test('finds host and agent in any case, and counts hosts', () => {
  expect(readHead(['HOST', 'a:1', 'User-Agent', 'iPXE/1', 'X', 'y'])).toEqual({
    host: 'a:1',
    hosts: 1,
    userAgent: 'iPXE/1',
  });
  expect(readHead(['host', 'a', 'Host', 'b', 'user-agent', '1', 'User-Agent', '2'])).toEqual({
    host: 'a',
    hosts: 2,
    userAgent: '1',
  });
  expect(readHead([])).toEqual({ host: undefined, hosts: 0, userAgent: '' });
  expect(readHead(['Hose', 'x', 'User_Agent', 'x']).host).toBeUndefined();
});

test.each([
  ['iPXE/1.0.0+git-20190125.36a4c85-5.1', 'ipxe'],
  ['gPXE/1.0.1', 'ipxe'],
  ['UefiHttpBoot/1.0', 'uefi'],
  ['Mozilla/5.0 iPXE/1', 'other'],
  ['', 'other'],
])('%s is %s', (agent, want) => {
  expect(agentOf(agent)).toBe(want);
});
