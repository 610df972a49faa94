import { describe, expect, it } from 'vitest';
import { hostsFile } from '../../src/exports/hosts.ts';
import { expectGolden } from '../support/golden.ts';
import { sampleHosts } from './sample.ts';

describe('lines for /etc/hosts', () => {
  it('have the full name first, and a comment for a machine without an address', () => {
    expectGolden('exports/hosts', hostsFile(sampleHosts(), 'lab.example'));
  });

  it('have the bare name without a domain', () => {
    expect(hostsFile(sampleHosts(), undefined)).toContain('192.168.122.22\tw2\n');
  });

  it('are none without machines', () => {
    expect(hostsFile([], 'lab.example')).toBe('');
  });
});
