import { describe, expect, it } from 'vitest';
import { coreos, parsePxeScript, parseVersionTxt } from '../../src/os/old-feeds-coreos.ts';
import { Failure } from '../../src/model/failure.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';

const MIRROR = 'http://mirror.lan/coreos';
const current = `${MIRROR}/stable/amd64-usr/current`;
const script = "#!/bin/sh\nVM_BOARD='amd64-usr'\nVM_NAME='coreos_production_pxe-1298-6-0'\nVM_UUID=\n";

describe('coreos', () => {
  it('explains in one line that the publisher is gone', () => {
    expect(() => drive(coreos, {}, {})).toThrow(Failure);
    expect(() => drive(coreos, {}, {})).toThrow(/ended in 2020/);
  });

  it('takes a mirror by version.txt', () => {
    const page = 'COREOS_BUILD=2023\nCOREOS_VERSION=2023.5.0\nCOREOS_VERSION_ID=2023.5.0\n';
    const { release } = drive(coreos, { mirror: MIRROR, install: true }, { [`${current}/version.txt`]: page });
    expectGolden('systems/feeds/coreos-mirror-install.txt', describeRelease(release));
  });

  it('takes a mirror that has only the script', () => {
    const pages = { [`${current}/version.txt`]: undefined, [`${current}/coreos_production_pxe.sh`]: script };
    const { release } = drive(coreos, { mirror: MIRROR }, pages);
    expect(release.ref).toMatchObject({ version: '1298.6.0', shelf: 'amd64-usr/1298.6.0' });
    expect(release.artifacts).toHaveLength(2);
  });

  it('has SHA-1 only by the switch', () => {
    const pages = { [`${current}/version.txt`]: 'COREOS_VERSION=723.1.0\n' };
    expect(drive(coreos, { mirror: MIRROR }, pages).release.trust?.legacySha1).toBe(false);
    expect(drive(coreos, { mirror: MIRROR, legacySha1: true }, pages).release.trust?.legacySha1).toBe(true);
  });

  it.each(['lts', 'stable/..', 'STABLE'])('has no channel %j', (channel) => {
    expect(() => drive(coreos, { channel, mirror: MIRROR }, {})).toThrow('no such channel');
  });
});

describe('the version', () => {
  it.each(['723.1.0', '"723.1.0"'])('is read from version.txt: %s', (text) => {
    expect(parseVersionTxt(`COREOS_VERSION=${text}\n`)).toBe('723.1.0');
  });
  it.each(['968.2.0+build-foo', '../x', ''])('is refused: %j', (text) => {
    expect(() => parseVersionTxt(`COREOS_VERSION=${text}\n`)).toThrow('does not name a version');
  });
  it.each([
    "VM_NAME='coreos_production-1298-6-0'",
    "VM_NAME='coreos_production_pxe-1298-6'",
    "VM_NAME='coreos_production_pxe-1298-6-0-x'",
    '<html>',
  ])('is not in a script with %s', (line) => {
    expect(() => parsePxeScript(`${line}\n`)).toThrow('does not name a version');
  });
});
