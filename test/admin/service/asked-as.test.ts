import { describe, expect, test } from 'vitest';
import { askedAs } from '../../../src/admin/service/asked-as.ts';
import { againUrl } from '../../../src/ipxe/again-url.ts';
import { factsOf, nameOf, originOf } from '../../support/house.ts';
import { MAC } from './stand.ts';

describe('the question that a script answered', () => {
  test.each([
    [factsOf({ mac: MAC, platform: 'efi', serial: 'A B/1', hostname: 'h' }), undefined],
    [factsOf({ uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' }), nameOf('rescue')],
  ])('is in the address where it is asked again', (facts, choice) => {
    const url = againUrl(originOf('boot.lan:4777'), facts, choice);
    const script = `#!ipxe\necho x\nchain --replace ${url} || shell\n`;
    const chosen = choice === undefined ? {} : { choice };
    expect(askedAs(script)).toEqual({ facts, origin: originOf('boot.lan:4777'), ...chosen });
  });

  test.each([
    '#!ipxe\nboot\n',
    '#!ipxe\nchain http://a:1/ipxe?mac=${net0/mac}\n',
    '#!ipxe\nchain http://a:1/ipxe?mac=00-1b-21-00-00-01&mac=2\n',
    '',
  ])('is not in %j', (script) => {
    expect(askedAs(script)).toBeUndefined();
  });
});
